"""For programs on other machines that talk to a gateway. Nothing lives here yet."""
