"""What turns the working tree into a running stack: package, template, permissions, deployment, emulator."""
