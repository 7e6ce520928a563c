"""The `sts-gateway` command, one file a subcommand; heavy imports stand inside the command that needs them."""
