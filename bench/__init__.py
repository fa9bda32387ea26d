"""What `make bench` runs: start-up, overhead, size and load of HotSwap, each beside a peer in the same run."""
