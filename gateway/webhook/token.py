"""Where the tokens of a pod stand: names and paths are those of EKS, which programs and people know."""

from typing import Final

TOKEN_VOLUME: Final = "aws-iam-token"  # noqa: S105  a name
TOKEN_FOLDER: Final = "/var/run/secrets/eks.amazonaws.com/serviceaccount"  # noqa: S105  a path
TOKEN_NAME: Final = "token"  # noqa: S105  a name
TOKEN_FILE: Final = f"{TOKEN_FOLDER}/{TOKEN_NAME}"
"""What is traded for the role's credentials."""

AUTHORIZATION_VOLUME: Final = "eks-pod-identity-token"
AUTHORIZATION_FOLDER: Final = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"
AUTHORIZATION_NAME: Final = "eks-pod-identity-token"
AUTHORIZATION_FILE: Final = f"{AUTHORIZATION_FOLDER}/{AUTHORIZATION_NAME}"
"""What a container proves to the sidecar that it is of the same pod."""
