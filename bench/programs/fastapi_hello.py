"""FastAPI behind Mangum with one route: what most people would write; it has no client of AWS."""

from fastapi import FastAPI
from mangum import Mangum

api = FastAPI()


@api.get("/")
def index() -> dict[str, str]:
    """Answer the one request."""
    return {"hello": "world"}


app = Mangum(api, lifespan="off")
