"""How to start servers that others wrote and that ask for Digest authentication.

Each serves files, which say what their paths are, in several realms of different kinds.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

from program import Program, do_without, path_of

LOGIN: Final = ("user", "open sesame")
REALM: Final = "the realm"

#: Paths of Apache; those with nonces that are good once or for a second, and one of a domain.
APACHE_PATHS: Final = ("plain", "once", "short", "inside", "outside")
_APACHE: Final = """
ServerName 127.0.0.1
{doors}
PidFile {folder}/pid
ErrorLog /dev/stderr
LogLevel warn
{user}
DefaultRuntimeDir {folder}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authn_file_module {modules}/mod_authn_file.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_digest_module {modules}/mod_auth_digest.so
DocumentRoot {folder}/root
# One process, which is not ended because there is little to do, nor are its connections; and a
# thread for each of those that a session opens at most.
StartServers 1
ServerLimit 1
ThreadLimit 128
ThreadsPerChild 128
MaxRequestWorkers 128
MaxKeepAliveRequests 0
KeepAliveTimeout 60
# By default it keeps five clients in mind.
AuthDigestShmemSize 1000000
<Location />
  AuthType Digest
  AuthName "{realm}"
  AuthDigestProvider file
  AuthUserFile {folder}/logins
  Require user {login}
</Location>
<Location /once>
  AuthDigestNonceLifetime 0
</Location>
<Location /short>
  AuthDigestNonceLifetime 1
</Location>
<Location /inside>
  AuthDigestDomain /inside
</Location>
"""

#: Paths by the algorithms that lighttpd offers there.
LIGHTTPD_PATHS: Final = {
    "md5": "MD5",
    "sha256": "SHA-256",
    "both": "MD5|SHA-256",
    "hashed": "SHA-256",
}
_LIGHTTPD: Final = """
server.bind = "{host}"
server.port = {port}
server.document-root = "{folder}/root"
server.errorlog = "/dev/stderr"
server.modules = ("mod_auth", "mod_authn_file")
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "{folder}/logins"
auth.require = ({realms})
"""
_LIGHTTPD_REALM: Final = (
    '"/{path}" => ("method" => "digest", "realm" => "{realm}", "algorithm" => "{algorithm}", '
    '"require" => "valid-user", "userhash" => "{userhash}")'
)


def apache() -> Program:
    """Apache with `mod_auth_digest`, which knows MD5 and qop=auth."""
    program = path_of("apache2")
    folders = [Path("/usr/lib/apache2/modules"), *Path("/usr/lib").glob("*/apache2/modules")]
    modules = [folder for folder in folders if (folder / "mod_auth_digest.so").exists()]
    if not modules:
        do_without("this Apache has no mod_auth_digest")

    def command(folder: Path, ports: list[int]) -> list[str]:
        _write_files(folder, APACHE_PATHS)
        (folder / "logins").write_text(f"{_login(*LOGIN, 'md5')[0]}\n")
        config = _APACHE.format(
            folder=folder,
            doors=f"Listen 127.0.0.1:{ports[0]}",
            user=_apache_user(),
            modules=modules[0],
            realm=REALM,
            login=LOGIN[0],
        )
        (folder / "apache.conf").write_text(config)
        return [program, "-f", str(folder / "apache.conf"), "-D", "FOREGROUND"]

    return Program("apache2", command, hosts=("127.0.0.1",))


def _apache_user() -> str:
    """Started by root it becomes somebody else, who has to be named."""
    if os.geteuid() != 0:
        return ""
    import grp  # not everywhere

    groups = {group.gr_name for group in grp.getgrall()}
    return f"User nobody\nGroup {'nogroup' if 'nogroup' in groups else 'nobody'}"


def lighttpd(*logins: tuple[str, str]) -> Program:
    """lighttpd, which knows SHA-256, hashed logins and logins in UTF-8."""
    program = path_of("lighttpd")

    def command(folder: Path, ports: list[int]) -> list[str]:
        _write_files(folder, tuple(LIGHTTPD_PATHS))
        lines = [":".join(_login(*login, name)) for login in logins for name in ("md5", "sha256")]
        (folder / "logins").write_text("\n".join([*lines, ""]))
        realms = ", ".join(
            _LIGHTTPD_REALM.format(
                path=path,
                realm=REALM,
                algorithm=algorithm,
                userhash="enable" if path == "hashed" else "disable",
            )
            for path, algorithm in LIGHTTPD_PATHS.items()
        )
        config = _LIGHTTPD.format(host="127.0.0.1", port=ports[0], folder=folder, realms=realms)
        (folder / "lighttpd.conf").write_text(config)
        return [program, "-D", "-f", str(folder / "lighttpd.conf")]

    return Program("lighttpd", command, hosts=("127.0.0.1",))


def _write_files(folder: Path, paths: tuple[str, ...]) -> None:
    for path in paths:
        (folder / "root" / path).mkdir(parents=True, exist_ok=True)
        for name in "abc":
            (folder / "root" / path / name).write_text(f"/{path}/{name}")


def _login(login: str, password: str, name: str) -> tuple[str, str]:
    """A line of a file of htdigest, and what lighttpd has behind it: the hash of the login."""

    def digest(*parts: str) -> str:
        return hashlib.new(name, ":".join(parts).encode()).hexdigest()

    return f"{login}:{REALM}:{digest(login, REALM, password)}", digest(login, REALM)
