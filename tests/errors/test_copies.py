"""Every exception can be pickled and copied, and nothing of it is lost that a copy can have."""

import copy
import pickle
import ssl
from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from error_examples import ROUTE, LiveResponse, examples, request_info, response_error
from multidict import CIMultiDictProxy

from aioclient import errors

EXAMPLES = examples()
TRANSFERS = {
    **{
        f"pickle{number}": lambda value, number=number: pickle.loads(pickle.dumps(value, number))
        for number in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "deepcopy": copy.deepcopy,
}


@pytest.fixture(params=TRANSFERS)
def transfer(request):
    return TRANSFERS[request.param]


def assert_same(again, before):
    """`again` has what `before` has, as far as that can go into a pickle."""
    if isinstance(before, LiveResponse):
        for name in ("status", "reason", "method", "url", "real_url", "headers", "request_info"):
            assert_same(getattr(again, name), getattr(before, name))
        return
    if isinstance(before, ssl.SSLContext):
        assert again is True
        return
    assert type(again) is type(before)
    if isinstance(before, BaseException):
        assert str(again) == str(before)
        assert repr(again) == repr(before)
        assert_same(again.args, before.args)
        assert_same(vars(again), vars(before))
        for name in ("errno", "strerror", "filename"):
            assert getattr(again, name, None) == getattr(before, name, None)
    elif isinstance(before, Mapping):
        assert list(again) == list(before)
        for one, other in zip(again.values(), before.values(), strict=True):
            assert_same(one, other)
    elif isinstance(before, tuple | list):
        assert len(again) == len(before)
        for one, other in zip(again, before, strict=True):
            assert_same(one, other)
    else:
        assert again == before


def test_every_exception_has_an_example():
    assert {type(error).__name__ for error in EXAMPLES} == set(errors.__all__)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_exception_comes_out_of_a_pickle_as_it_was(error, transfer):
    assert_same(transfer(error), error)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_exception_that_came_out_of_a_pickle_can_be_pickled_again(error, transfer):
    once = transfer(error)
    assert_same(transfer(once), once)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_copy_has_the_same_attributes(error):
    again = copy.copy(error)
    assert type(again) is type(error)
    assert again is not error
    assert again.args == error.args
    assert vars(again).keys() == vars(error).keys()
    assert all(value is vars(error)[name] for name, value in vars(again).items())


def test_copy_has_attributes_of_its_own():
    error = response_error()
    again = copy.copy(error)
    again.status = 1
    assert error.status == 404


def test_headers_stay_case_insensitive_and_read_only(transfer):
    again = transfer(response_error())
    for headers in (again.headers, again.request_info.headers, again.history[0].headers):
        assert type(headers) is CIMultiDictProxy
    assert again.headers.getall("A") == ["b", "c"]
    assert again.request_info.headers["authorization"] == "Basic bWU6YS1zZWNyZXQ="
    assert again.history[0].headers["location"].startswith("http://")


def test_history_is_the_same_in_the_attribute_and_the_arguments(transfer):
    again = transfer(response_error())
    assert again.args == (again.request_info, again.history)
    assert [response.status for response in again.history] == [302, 307]


def test_what_remains_of_a_response_does_not_show_its_headers(transfer):
    (first, _) = transfer(response_error()).history
    assert repr(first) == "<PastResponse GET http://a.example:81/b?c=d [302 Found]>"


def test_what_remains_of_a_response_is_its_own_copy(transfer):
    (first, _) = transfer(response_error()).history
    assert copy.copy(first) is first


def test_what_is_no_response_stays_in_the_history(transfer):
    error = errors.ClientResponseError(request_info(), ("a", SimpleNamespace(status=302)))
    assert transfer(error).history == error.history


class TeapotError(errors.ClientResponseError):
    """A user's own, made from other arguments."""

    def __init__(self, color):
        super().__init__(request_info(), (LiveResponse(302, request_info().url),), status=418)
        self.color = color


@pytest.mark.parametrize("duplicate", [copy.copy, *TRANSFERS.values()])
def test_exception_of_a_user_with_other_arguments_can_be_copied(duplicate):
    again = duplicate(TeapotError("brown"))
    assert type(again) is TeapotError
    assert (again.color, again.status, again.history[0].status) == ("brown", 418, 302)


def test_request_info_can_be_pickled(transfer):
    info = request_info()
    assert_same(transfer(info), info)


def test_request_info_is_its_own_copy():
    info = request_info()
    assert copy.copy(info) is info


def test_place_with_a_tls_context_is_its_own_copy():
    assert copy.copy(ROUTE) is ROUTE


@pytest.mark.parametrize(("mode", "remains"), [(ssl.CERT_REQUIRED, True), (ssl.CERT_NONE, False)])
def test_of_a_tls_context_remains_whether_it_verified(mode, remains, transfer):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = mode
    error = errors.ClientConnectorError(ROUTE._replace(ssl=context), OSError(1, "x"))
    again = transfer(error)
    assert (again.host, again.port, again.ssl) == ("a.example", 443, remains)


def test_names_in_a_pickle_are_public():
    assert {getattr(errors, name).__module__ for name in errors.__all__} == {"aioclient.errors"}
