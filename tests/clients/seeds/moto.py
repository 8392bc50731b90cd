"""What the programs that fill a service of moto's have in common."""

import sys
from collections.abc import Callable

import boto3


def command(service: str, seed: Callable, count: Callable) -> None:
    """Do what the command line says: `URL seed` or `URL count TABLE`."""
    client = boto3.client(
        service,
        endpoint_url=sys.argv[1],
        region_name="us-east-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )
    if sys.argv[2] == "seed":
        seed(client)
    else:
        print(count(client, sys.argv[3]))
