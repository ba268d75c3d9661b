"""What the presenter, gallery, lessons and glossary share: pages drawn by line, pictures, questions to the model."""
