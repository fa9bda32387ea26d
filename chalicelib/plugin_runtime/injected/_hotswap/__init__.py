"""HotSwap's part of this package: it stands between Lambda and the plugin's entry point."""
