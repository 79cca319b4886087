"""From a response that redirects to the next request, by the wishes of the one that was sent."""

from aioclient._message.redirect import (
    NextRequest,
    Redirected,
    is_one_too_many,
    next_request,
    redirect_target,
)
from aioclient._message.request import Request
from aioclient._message.response import ClientResponse
from aioclient._message.target import origin_of
from aioclient.errors import TooManyRedirects


def next_request_of(
    request: Request,
    response: ClientResponse,
    location: str | bytes | None,
    history: tuple[ClientResponse, ...],
) -> NextRequest | None:
    """What to send next after a response with this Location; None if it is the answer.

    `history` are the redirects that were followed to it.

    Raises TooManyRedirects, TypeError and ValueError for what the caller's policy gives, and as
    that and `redirect_target` do.
    """
    redirects = request.wishes.redirects
    if redirects is None:
        return None
    url = request.target.real_url
    # A middleware may have asked another URL than the caller; credentials are for the caller's.
    target = redirect_target(response.status, location, response.real_url, redirects.requote)
    if target is None:
        return None
    if is_one_too_many(len(history), redirects.limit):
        raise TooManyRedirects(
            response.request_info,
            (*history, response),
            message=f"more than max_redirects = {redirects.limit} redirects",
        )
    redirected = Redirected(
        response.status, request.head.method, url, request.own_headers(), redirects.may_cross
    )
    following: NextRequest | None = next_request(redirected, target)
    if redirects.policy is not None:
        following = redirects.policy(response, following)
        if following is not None and not isinstance(following, NextRequest):
            kind = type(following).__name__
            raise TypeError(f"redirect_policy must give a NextRequest or None, not {kind}")
        if (
            following is not None
            and not following.crosses_origin
            and origin_of(following.url) != origin_of(url)
        ):
            # Else headers that were kept for this origin, credentials too, would go to another.
            raise ValueError("redirect_policy must use with_url for a URL of another origin")
    return following
