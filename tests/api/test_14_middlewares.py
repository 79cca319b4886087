"""Section 14 of the reference: client middlewares, and the requests that they see."""

from reference import Line, Missing, Names

_OWN = "tests/loopback/test_middlewares.py::"

ROWS = (
    Names("aioclient", "ClientMiddlewareType ClientHandlerType ClientRequest ConnectionKey"),
    Line(
        "the first of the list is the outermost",
        f"{_OWN}test_the_first_middleware_is_the_outermost",
    ),
    Line(
        "the chain runs again for each redirect and for the automatic second sending",
        f"{_OWN}test_middlewares_run_for_each_redirect "
        f"{_OWN}test_middlewares_run_again_when_a_kept_connection_was_closed",
    ),
    Line(
        "a middleware may call its handler several times, or return another response",
        f"{_OWN}test_a_handler_may_be_called_many_times "
        f"{_OWN}test_a_middleware_may_answer_by_itself",
    ),
    Line(
        "a middleware may change the URL",
        f"{_OWN}test_credentials_do_not_go_along_to_another_origin",
        "Another `url` of a `ClientRequest`",
    ),
    Line(
        "a response that a middleware drops does not hold its connection",
        f"{_OWN}test_a_dropped_response_does_not_hold_its_connection",
        "A response that a middleware drops",
    ),
    Names(
        "ClientRequest",
        """method url original_url headers body auth version chunked compress proxy proxy_auth
        proxy_headers server_hostname ssl skip_auto_headers request_info session host port
        connection_key response_class GET_METHODS POST_METHODS ALL_METHODS is_ssl update_body
        update_headers update_cookies update_auth update_body_from_data""",
        settable="method url body",
    ),
    Names(
        "ConnectionKey",
        "host port is_ssl ssl proxy proxy_auth proxy_headers_hash server_hostname",
    ),
    Missing(
        "ClientRequest",
        """DEFAULT_HEADERS update_host update_version update_auto_headers update_content_encoding
        update_transfer_encoding update_expect_continue update_proxy write_bytes send close
        terminate""",
        "`ClientRequest` is made by the session alone",
    ),
)
