"""The error for a place that could not be connected to."""

from aioclient._net.route import Route
from aioclient.errors import ClientConnectorError, ClientProxyConnectionError


def connect_error(route: Route, error: OSError) -> ClientConnectorError:
    """A ClientProxyConnectionError if that place is a proxy."""
    kind = ClientProxyConnectionError if route.is_to_proxy else ClientConnectorError
    return kind(route, error)
