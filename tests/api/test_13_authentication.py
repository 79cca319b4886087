"""Section 13 of the reference: authentication."""

from reference import Call, Line, Names

_BASIC = "tests/_auth/test_basic.py::"
_DIGEST = "tests/_middlewares/test_digest_auth.py::"
_PROXY = "tests/loopback/test_proxy_digest.py::"
_ORIGINS = "tests/_middlewares/test_own_origins.py::"

ROWS = (
    Call("encode_basic_auth", 'login, password="", encoding="utf-8"'),
    Call("BasicAuth", 'login, password="", encoding="latin1"'),
    Call("BasicAuth.encode", ""),
    Call("BasicAuth.decode", 'auth_header, encoding="latin1"'),
    Call("BasicAuth.from_url", 'url, *, encoding="latin1"'),
    Names("BasicAuth", "login password encoding"),
    Call("DigestAuthMiddleware", "login, password, preemptive=True"),
    Line(
        "algorithms MD5, SHA, SHA-256, SHA-512, each with -SESS; qop auth and auth-int",
        f"{_DIGEST}test_a_challenge_is_answered",
    ),
    Line(
        "auth-int is preferred when it is offered",
        f"{_DIGEST}test_of_auth_and_auth_int_the_one_that_protects_the_body_is_chosen",
    ),
    Line(
        "a challenge is answered only if it is the first, in the first WWW-Authenticate",
        f"{_DIGEST}test_the_best_of_all_challenges_is_answered",
        "`DigestAuthMiddleware` answers the strongest Digest challenge of all",
    ),
    Line(
        "later requests are authenticated in advance, unless preemptive is False",
        f"""{_DIGEST}test_later_requests_are_answered_for_in_advance
        {_DIGEST}test_without_preemptive_each_request_waits_for_a_challenge""",
    ),
    Line(
        "domain says for which",
        f"{_DIGEST}test_in_advance_is_only_for_the_paths_that_the_challenge_names",
    ),
    Line(
        "domain lets another origin have credentials",
        f"{_ORIGINS}test_a_domain_counts_for_another_origin_that_is_named",
        "an origin that a challenge names in `domain` is answered only if the program names it",
    ),
    Line(
        "only the origin that is asked first is answered",
        f"""{_ORIGINS}test_a_challenge_of_another_origin_behind_a_redirect_gets_no_answer
        {_ORIGINS}test_another_port_is_another_origin""",
    ),
    Line(
        "there is at most one retry",
        f"""{_DIGEST}test_wrong_credentials_are_tried_once_for_each_request
        {_DIGEST}test_an_answer_that_is_too_old_at_once_is_given_once_more""",
        "a nonce that is too old (`stale`) is replaced, and a `nextnonce` is followed",
    ),
    Line(
        "there is no userhash",
        f"{_DIGEST}test_the_login_is_sent_as_a_hash_if_the_server_asks_for_that",
        "`userhash`, logins in UTF-8 (`username*`) and SHA-512-256 are there",
    ),
    Line(
        "a proxy that asks for Digest is not answered",
        f"""{_PROXY}test_a_request_that_is_forwarded_is_answered_for
        {_PROXY}test_a_tunnel_is_answered_for""",
        "New: `proxy_auth=ProxyDigestAuth(...)` for proxies that ask for Digest",
    ),
)
