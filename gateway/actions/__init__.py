"""What a request means: an HTTP request of a service becomes an IAM action, a resource ARN and condition keys.

Owns one table or rule a service type; decides nothing. What a table does not know is refused, never guessed.
Entry point: `registry.actions_of`.
"""
