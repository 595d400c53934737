"""What has to be read, and how a window is read until it is proven complete."""
