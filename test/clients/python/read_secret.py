"""An ordinary Azure program: it names its vault and holds no credential. Nothing here knows of Innate."""

import sys

from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

vault_url, name = sys.argv[1:]

with DefaultAzureCredential() as credential, SecretClient(vault_url, credential) as client:
    print(f"{name}: {client.get_secret(name).value}")
