"""A Chalice function with one route and nothing else."""

from chalice.app import Chalice

app = Chalice(app_name="bare")


@app.route("/")
def index() -> dict[str, str]:
    """Answer the one request."""
    return {"hello": "world"}
