"""The control plane of HotSwap: what runs in Lambda."""
