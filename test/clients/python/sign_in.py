"""An ordinary Azure program: an application signs in with each kind of credential, through both official libraries.

Prints the kind of proof that each token names, or the code of the refusal, as JSON. Nothing here knows of Innate.
"""

import base64
import json
import os
import re

import msal
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    WorkloadIdentityCredential,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes

TENANT = os.environ["AZURE_TENANT_ID"]
CLIENT = os.environ["AZURE_CLIENT_ID"]
SECRET = os.environ["AZURE_CLIENT_SECRET"]
PATH = os.environ["AZURE_CLIENT_CERTIFICATE_PATH"]
OTHER = os.environ["OTHER_CERTIFICATE_PATH"]
OTHERS_TOKEN = os.environ["OTHER_FEDERATED_TOKEN_FILE"]
SCOPE = os.environ.get("TOKEN_SCOPE", "https://vault.azure.net/.default")
AUTHORITY = os.environ.get("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com") + "/" + TENANT

with open(PATH, encoding="ascii") as file:
    pem = file.read()
thumbprint = x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA1()).hex()


def projected_token():
    with open(os.environ["AZURE_FEDERATED_TOKEN_FILE"], encoding="ascii") as projected:
        return projected.read()


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def outcome(acquire):
    try:
        token = acquire()
    except Exception as error:  # the code is what counts, whatever the library wraps it in
        return re.search(r"AADSTS\d+|$", str(error)).group() or str(error)
    return {name: claims(token)[name] for name in ("oid", "appidacr")}


def with_msal(credential):
    application = msal.ConfidentialClientApplication(CLIENT, authority=AUTHORITY, client_credential=credential)
    answer = application.acquire_token_for_client([SCOPE])
    if "access_token" not in answer:
        raise RuntimeError(answer["error_description"])
    return answer["access_token"]


def with_identity(credential):
    return credential.get_token(SCOPE).token


key = {"private_key": pem, "thumbprint": thumbprint}
print(
    json.dumps(
        {
            "identity secret": outcome(lambda: with_identity(ClientSecretCredential(TENANT, CLIENT, SECRET))),
            "identity certificate": outcome(lambda: with_identity(CertificateCredential(TENANT, CLIENT, PATH))),
            "identity chain": outcome(
                lambda: with_identity(CertificateCredential(TENANT, CLIENT, PATH, send_certificate_chain=True))
            ),
            "identity other certificate": outcome(
                lambda: with_identity(CertificateCredential(TENANT, CLIENT, OTHER))
            ),
            "identity workload": outcome(lambda: with_identity(WorkloadIdentityCredential())),
            "identity other workload": outcome(
                lambda: with_identity(WorkloadIdentityCredential(token_file_path=OTHERS_TOKEN))
            ),
            "identity assertion": outcome(
                lambda: with_identity(ClientAssertionCredential(TENANT, CLIENT, projected_token))
            ),
            "msal assertion": outcome(lambda: with_msal({"client_assertion": projected_token})),
            "msal secret": outcome(lambda: with_msal(SECRET)),
            "msal thumbprint": outcome(lambda: with_msal(key)),
            "msal chain": outcome(lambda: with_msal({**key, "public_certificate": pem})),
            "msal without thumbprint": outcome(
                lambda: with_msal({"private_key": pem, "public_certificate": pem})
            ),
            "msal wrong secret": outcome(lambda: with_msal("wrong")),
        }
    )
)
