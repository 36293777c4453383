"""Ordinary Azure programs by which a person signs in: on another device, in a browser, and at an API that acts for them.

Prints what the person is to do, a line of JSON each, reads the address that the browser comes back with, and prints what
each token says in the end. Nothing here knows of Innate.
"""

import base64
import json
import os
import re
import sys
from urllib.parse import parse_qsl, urlsplit

import msal
from azure.identity import DeviceCodeCredential, OnBehalfOfCredential

TENANT = os.environ["AZURE_TENANT_ID"]
FRONT = os.environ["FRONT_CLIENT_ID"]
API = os.environ["API_CLIENT_ID"]
API_SCOPE = os.environ["API_SCOPE"]
SECRET = os.environ["API_CLIENT_SECRET"]
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
HOST = "https://login.microsoftonline.com"
ARM = "https://management.azure.com/.default"
VAULT = "https://vault.azure.net/.default"

with open(os.environ["API_CERTIFICATE_PATH"], "rb") as file:
    pem = file.read()


def tell(**line):
    print(json.dumps(line), flush=True)


def claims(token):
    payload = token.split(".")[1]
    whole = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return {name: whole[name] for name in ("aud", "scp", "upn", "appid")}


def token_of(answer):
    if "access_token" not in answer:
        raise RuntimeError(answer["error_description"])
    return answer["access_token"]


def on_another_device():
    application = msal.PublicClientApplication(AZURE_CLI, authority=f"{HOST}/organizations")
    flow = application.initiate_device_flow([ARM])
    tell(userCode=flow["user_code"], verificationUri=flow["verification_uri"])
    first = application.acquire_token_by_device_flow(flow)
    (account,) = application.get_accounts(first["id_token_claims"]["preferred_username"])
    elsewhere = application.acquire_token_silent([VAULT], account=account)
    forced = application.acquire_token_silent([ARM], account=account, force_refresh=True)
    return [claims(token_of(answer)) for answer in (first, elsewhere, forced)]


def by_device_credential():
    credential = DeviceCodeCredential(
        prompt_callback=lambda uri, code, _: tell(userCode=code, verificationUri=uri), tenant_id=TENANT
    )
    return [claims(credential.get_token(scope).token) for scope in (ARM, VAULT)]


def with_a_code():
    application = msal.PublicClientApplication(FRONT, authority=f"{HOST}/{TENANT}")
    flow = application.initiate_auth_code_flow([API_SCOPE], redirect_uri="http://localhost:3000/back")
    tell(url=flow["auth_uri"])
    answer = dict(parse_qsl(urlsplit(sys.stdin.readline().strip()).query))
    return token_of(application.acquire_token_by_auth_code_flow(flow, answer))


def on_behalf_by_msal(assertion, credential):
    application = msal.ConfidentialClientApplication(API, authority=f"{HOST}/{TENANT}", client_credential=credential)
    return claims(token_of(application.acquire_token_on_behalf_of(assertion, [ARM])))


def on_behalf_by_identity(assertion, scope=ARM, **proof):
    credential = OnBehalfOfCredential(TENANT, API, user_assertion=assertion, **proof)
    return claims(credential.get_token(scope).token)


def outcome(acquire, *words, **named):
    try:
        return acquire(*words, **named)
    except Exception as error:  # the code is what counts, whatever the library wraps it in
        return re.search(r"AADSTS\d+|$", str(error)).group() or repr(error)


of_person = with_a_code()
certificate = {"private_key": pem.decode(), "public_certificate": pem.decode()}
tell(
    outcomes={
        "device, msal": outcome(on_another_device),
        "device, identity": outcome(by_device_credential),
        "code, msal": claims(of_person),
        "on behalf, msal, secret": outcome(on_behalf_by_msal, of_person, SECRET),
        "on behalf, msal, certificate": outcome(on_behalf_by_msal, of_person, certificate),
        "on behalf, identity, secret": outcome(on_behalf_by_identity, of_person, client_secret=SECRET),
        "on behalf, identity, certificate": outcome(on_behalf_by_identity, of_person, client_certificate=pem),
        "on behalf, without a grant": outcome(on_behalf_by_identity, of_person, VAULT, client_secret=SECRET),
    }
)
