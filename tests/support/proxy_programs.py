"""How to start proxies that others wrote, each as different from the next as can be.

Each can reach all of loopback. Names that begin with `four.` and `six.`, see `proxy_names`, are
known to the proxies and to nobody else, so that a test sees where a name was resolved.
"""

import getpass
import hashlib
import importlib.util
import os
import subprocess
import sys
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import trustme
from program import HOSTS, Program, do_without, path_of
from proxy_names import LOGIN, knowing_names, write_hosts

_SQUID: Final = """
{doors}
{user}
pid_filename none
coredump_dir none
visible_hostname squid.test
shutdown_lifetime 0 seconds
max_filedescriptors 1024
pinger_enable off
cache deny all
cache_mem 0
memory_pools off
cache_log stdio:{folder}/log/cache.log
logformat asked %>Hs %rm %ru %#>h
access_log stdio:{folder}/log/access.log logformat=asked
strip_query_terms off
# Whatever is not in its file of hosts is unknown, soon.
hosts_file {folder}/hosts
dns_nameservers 127.0.0.1
dns_retransmit_interval 100 milliseconds
dns_timeout 200 milliseconds
{auth}
acl of_anybody myportname open0 open1 tls0 tls1
acl of_those_we_know proxy_auth REQUIRED
http_access allow of_anybody
http_access allow of_those_we_know
http_access deny all
"""

_SQUID_BASIC: Final = """
auth_param basic program {checker} {folder}/logins
auth_param basic children 1 startup=1
auth_param basic realm squid
"""
#: A nonce of its is good for so many answers.
NONCE_USES: Final = 5
_SQUID_DIGEST: Final = f"""
auth_param digest program {{checker}} -c {{folder}}/logins
auth_param digest children 1 startup=1
auth_param digest realm squid
auth_param digest nonce_max_count {NONCE_USES}
"""

_DANTE: Final = """
logoutput: stderr
{internal}
{external}
external.rotation: route
clientmethod: none
socksmethod: none
user.privileged: {user}
user.unprivileged: {user}
client pass {{ from: 0/0 to: 0/0 log: error connect }}
socks pass {{ from: 0/0 to: 0/0 log: error connect }}
"""

_SSHD: Final = """
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
AuthenticationMethods publickey
StrictModes no
UsePAM no
UseDNS no
PidFile none
PermitUserRC no
PermitRootLogin prohibit-password
LogLevel DEBUG
"""

#: Its processes are made by forking, whatever is usual: it was written for that.
_PROXY_PY: Final = (
    "import multiprocessing; multiprocessing.set_start_method('fork'); "
    "import proxy; proxy.entry_point()"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as squid saw it, and what it answered."""

    status: int
    method: str
    target: str
    fields: list[tuple[str, str]]


class Squid(Program):
    """squid: HTTP, plain and over TLS, each with a door for everybody and one with a login.

    The login is asked for by Basic, or by Digest.
    """

    #: What is behind its ports, in their order: is it TLS, and does it want a login?
    DOORS: Final = ((False, False), (False, True), (True, False), (True, True))

    def __init__(self, certificate: trustme.LeafCert, is_digest: bool = False) -> None:
        program = path_of("squid")
        checker = _squid_checker(program, "digest_file_auth" if is_digest else "basic_ncsa_auth")
        auth = _SQUID_DIGEST if is_digest else _SQUID_BASIC

        def command(folder: Path, ports: list[int]) -> list[str]:
            log = folder / "log"
            log.mkdir(exist_ok=True)
            log.chmod(0o777)  # started by root, it becomes somebody else
            # Of Digest, what RFC 7616 section 3.4.2 calls H(A1).
            name = f"{LOGIN.user}:squid" if is_digest else LOGIN.user
            secret = f"{name}:{LOGIN.password}" if is_digest else LOGIN.password
            password = hashlib.md5(secret.encode()).hexdigest()
            (folder / "logins").write_text(f"{name}:{password}\n")
            write_hosts(folder)
            _write_certificate(folder, certificate)
            config = _SQUID.format(
                folder=folder,
                auth=auth.format(checker=checker, folder=folder),
                doors=_squid_doors(folder, ports),
                user="cache_effective_user proxy" if os.geteuid() == 0 else "",
            )
            (folder / "squid.conf").write_text(config)
            return [program, "-N", "-f", str(folder / "squid.conf")]

        super().__init__("squid", command, len(self.DOORS))

    @property
    def asked(self) -> list[Asked]:
        """All requests that are done; one for a tunnel is done when that is closed."""
        try:
            text = (self.folder / "log" / "access.log").read_text()
        except FileNotFoundError:
            return []
        lines = (line.split(" ") for line in text.splitlines())
        return [
            Asked(int(status), method, target, _fields(urllib.parse.unquote(head)))
            for status, method, target, head in lines
        ]


def _squid_doors(folder: Path, ports: list[int]) -> str:
    lines = []
    for port, (is_tls, wants_login) in zip(ports, Squid.DOORS, strict=True):
        kind = ("tls" if is_tls else "open") + ("-login" if wants_login else "")
        for number, host in enumerate(HOSTS):
            address = f"[{host}]" if ":" in host else host
            start = "https_port" if is_tls else "http_port"
            end = f" tls-cert={folder}/both.pem" if is_tls else ""
            lines.append(f"{start} {address}:{port} name={kind}{number}{end}")
    return "\n".join(lines)


def _squid_checker(squid: str, name: str) -> Path:
    """The program by which squid checks logins."""
    prefix = Path(squid).resolve().parent.parent
    folders = ("lib/squid", "lib64/squid", "libexec/squid", "libexec")
    found = [path for folder in folders if (path := prefix / folder / name).exists()]
    return found[0] if found else do_without(f"this squid has no {name}")


def _fields(head: str) -> list[tuple[str, str]]:
    lines = head.split("\r\n")
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines) if name]


def _write_certificate(folder: Path, certificate: trustme.LeafCert) -> None:
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "both.pem"))


def proxy_py(certificate: trustme.LeafCert, is_tls: bool, wants_login: bool) -> Program:
    """proxy.py: HTTP, plain or over TLS, with a login or without."""
    if sys.platform == "win32":
        pytest.skip("proxy.py is not for Windows")
    if importlib.util.find_spec("proxy") is None:
        do_without("the Python package proxy.py is not installed")

    def command(folder: Path, ports: list[int]) -> list[str]:
        _write_certificate(folder, certificate)
        pem = str(folder / "both.pem")
        main = [sys.executable, "-c", _PROXY_PY]
        where = ["--hostname", HOSTS[0], "--port", str(ports[0])]
        more_hosts = ["--hostnames", *HOSTS[1:]] if HOSTS[1:] else []
        few = ["--num-acceptors", "1", "--num-workers", "1"]
        login = ["--basic-auth", f"{LOGIN.user}:{LOGIN.password}"] if wants_login else []
        tls = ["--cert-file", pem, "--key-file", pem] if is_tls else []
        return [*knowing_names(folder), *main, *where, *more_hosts, *few, *login, *tls]

    return Program("proxy.py", command)


def microsocks(host: str, wants_login: bool) -> Program:
    """microsocks: SOCKS5 at one address, with a login or without."""
    program = path_of("microsocks")

    def command(folder: Path, ports: list[int]) -> list[str]:
        login = ["-u", LOGIN.user, "-P", LOGIN.password] if wants_login else []
        return [*knowing_names(folder), program, "-i", host, "-p", str(ports[0]), *login]

    return Program("microsocks", command, hosts=(host,))


def dante() -> Program:
    """Dante: SOCKS4 and SOCKS5. It says from which address it connected, of either family."""
    program = path_of("danted")

    def command(folder: Path, ports: list[int]) -> list[str]:
        config = _DANTE.format(
            internal="\n".join(f"internal: {host} port = {ports[0]}" for host in HOSTS),
            external="\n".join(f"external: {host}" for host in HOSTS),
            user=getpass.getuser(),
        )
        (folder / "danted.conf").write_text(config)
        start = [program, "-f", str(folder / "danted.conf"), "-p", str(folder / "pid")]
        return [*knowing_names(folder), *start]

    return Program("danted", command)


def ssh() -> Program:
    """OpenSSH with `-D`: SOCKS4, 4a and 5. The client listens, the server connects.

    They talk through a pipe. A target that cannot be reached shows as a closed connection.
    """
    client, server, keygen = path_of("ssh"), path_of("sshd"), path_of("ssh-keygen")

    def command(folder: Path, ports: list[int]) -> list[str]:
        for key in ("host", "user"):
            if not (folder / key).exists():
                making = [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
                subprocess.run(making, check=True, stdin=subprocess.DEVNULL)
        (folder / "sshd.conf").write_text(_SSHD.format(folder=folder))
        options = {
            "ProxyCommand": f"{server} -i -e -f {folder}/sshd.conf",
            "IdentityFile": f"{folder}/user",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "BatchMode": "yes",
            "ExitOnForwardFailure": "yes",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "GlobalKnownHostsFile": "/dev/null",
        }
        settings = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        doors = [
            part
            for host in HOSTS
            for part in ("-D", f"[{host}]:{ports[0]}" if ":" in host else f"{host}:{ports[0]}")
        ]
        start = [client, "-F", "none", "-N", *doors, *settings]
        return [*knowing_names(folder), *start, "-l", getpass.getuser(), "loopback"]

    return Program("ssh", command)
