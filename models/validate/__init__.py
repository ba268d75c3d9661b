"""Published results against the model: predicted, measured, error, status, per family and source."""

from infralab.models.validate.figures import SCHEMA, as_json, figures_of, quantile, summary
from infralab.models.validate.measurements import FILE_SCHEMA, Case, ValidationError, cases, files
from infralab.models.validate.metrics import FRACTIONS, TIMES, error_of, measured_value, metric_of, predicted_metric
from infralab.models.validate.rows import MODEL_FAILED, Row, run, validate

__all__ = [
    "FILE_SCHEMA",
    "FRACTIONS",
    "MODEL_FAILED",
    "SCHEMA",
    "TIMES",
    "Case",
    "Row",
    "ValidationError",
    "as_json",
    "cases",
    "error_of",
    "figures_of",
    "files",
    "measured_value",
    "metric_of",
    "predicted_metric",
    "quantile",
    "run",
    "summary",
    "validate",
]
