"""The stack on one machine: the emulator, its patch, the users and the payment network of the demo."""
