"""The peers' applications: each the smallest that answers one request, packed and compiled as ours is."""
