"""An ordinary API: it validates the tokens that it is called with by PyJWT, as the guides say. Nothing here knows of Innate.

Prints what it read from each token, or what it refused it for, as JSON.
"""

import json
import os

import jwt
import requests


def outcome(token, issuer, audience, configuration):
    try:
        keys = jwt.PyJWKClient(requests.get(configuration, timeout=30).json()["jwks_uri"])
        claims = jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token),
            algorithms=["RS256"],
            issuer=issuer,
            audience=audience,
            options={"require": ["exp", "iss", "aud", "sub", "iat", "nbf"], "strict_aud": True},
        )
    except jwt.PyJWTError as error:
        return type(error).__name__
    return {name: claims[name] for name in ("aud", "iss")}


print(json.dumps({name: outcome(**case) for name, case in json.loads(os.environ["TOKENS"]).items()}))
