"""What every plugin package is given to run with, and how it gets there."""
