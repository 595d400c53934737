"""Personal data: masked before it is written, erased on request."""
