// The page's own button; everything else is textual-serve's terminal.
document.getElementById("again").addEventListener("click", () => window.location.reload());
