"""Documents: result tables read, charts drawn as SVG, pages written as HTML and PDF."""
