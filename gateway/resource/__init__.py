"""What a resource server imports to verify requests by itself. Nothing lives here yet."""
