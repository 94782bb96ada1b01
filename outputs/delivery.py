"""Handing finished bytes over: to a folder, or to an SFTP server.

What belongs here: names, bytes, and the proof that they arrived. Which document goes to whom, and what is
recorded about it, is decided elsewhere.

The promise of every target: the receiver never sees half a file under the final name; a name that is already
there with the same content is success (so a delivery may be repeated after any interruption); a name that is
there with other content is :class:`ContentDiffers`, and nothing is overwritten. Errors worth a retry are
:class:`TemporaryDeliveryError`; all others are :class:`DeliveryRefused` or rise unchanged.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import socket
import stat
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from daicho.folders import Changing, Folder, NotAFile
from schemas.reasons import of_system

if TYPE_CHECKING:
    import paramiko


class DeliveryError(Exception):
    """A delivery that did not succeed. The message is for operators, in Japanese."""


class TemporaryDeliveryError(DeliveryError):
    """Network or server trouble that may pass: worth another try."""


class DeliveryRefused(DeliveryError):
    """A definite no (wrong host key, wrong credentials, no permission): trying again changes nothing."""


class ContentDiffers(DeliveryRefused):
    """The name is taken by other content. Nothing was overwritten."""


@dataclass(frozen=True)
class Delivered:
    """Proof of one delivery: where, how many bytes, their SHA-256, and whether they were there already."""

    place: str
    size: int
    sha256: str
    already_there: bool


class Target(Protocol):
    """Somewhere to deliver to."""

    def deliver(self, name: str, content: bytes) -> Delivered:
        """Make ``content`` available as ``name``; see the promise of this module."""
        ...


def deliver_with_retries(
    target: Target,
    name: str,
    content: bytes,
    *,
    attempts: int = 4,
    first_wait: float = 2.0,
    longest_wait: float = 60.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Delivered:
    """Deliver; after a :class:`TemporaryDeliveryError` wait (doubling) and try again.

    ``attempts`` times in all; the last temporary error rises; every other error rises at once.
    """
    if attempts < 1:
        raise ValueError("attempts must be at least 1")
    wait = first_wait
    for attempt in range(1, attempts + 1):
        try:
            return target.deliver(name, content)
        except TemporaryDeliveryError:
            if attempt == attempts:
                raise
            sleep(min(wait, longest_wait))
            wait *= 2
    raise AssertionError("unreachable")


def _checked(name: str) -> str:
    """A plain file name: no folder, not hidden, not to be taken for a file still being written."""
    if not name or name.startswith(".") or "/" in name or "\\" in name or "\0" in name:
        raise DeliveryRefused(f"ファイル名に使えない文字があります: {name!r}")
    if name.endswith((".part", ".tmp")):
        raise DeliveryRefused(f"書込み途中を表す名前では届けられません: {name!r}")
    return name


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# -- folder -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FolderTarget:
    """A folder on this machine (or mounted). It is made when missing."""

    folder: Path

    def deliver(self, name: str, content: bytes) -> Delivered:
        """Write under a temporary name, flush to the disk, then give the final name in one step.

        The folder is the receiver's, who may put links there: none is followed.
        """
        final = self.folder / _checked(name)
        proof = Delivered(str(final), len(content), _sha256(content), already_there=False)
        there = Delivered(str(final), len(content), proof.sha256, already_there=True)
        try:
            with Folder.made_at(self.folder, 0o755) as folder:
                if self._same(folder, name, content):
                    return there
                written = folder.write_apart(content)
                try:
                    if not folder.name_too(written, name) and self._same(folder, name, content):
                        return there
                finally:
                    folder.remove(written)
                folder.flush()
        except (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError) as error:
            raise DeliveryRefused(f"フォルダーに書き込めません: {self.folder}") from error
        except OSError as error:
            raise TemporaryDeliveryError(
                f"フォルダーに書き込めませんでした: {self.folder}: {of_system(error)}"
            ) from error
        return proof

    def _same(self, folder: Folder, name: str, content: bytes) -> bool:
        try:
            # After a crash between the two names of a file it still has both.
            found = folder.read(name, len(content), names=2)
        except FileNotFoundError:
            return False
        except (NotAFile, Changing):
            found = None
        if found != content:
            raise ContentDiffers(f"同じ名前で内容の異なるファイルがあります: {self.folder / name}")
        return True


# -- SFTP ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SftpTarget:
    """A folder on an SFTP server whose host key is known beforehand.

    ``known_hosts``: a file in OpenSSH's form that holds the server's key; an unknown or other key is refused,
    none is ever added. Log-in with ``key_file`` (optionally ``key_passphrase``) or ``password``; agents and
    the user's own keys are not tried. ``read_back`` compares the SHA-256 of what lies on the server, at the
    price of reading it all.
    """

    host: str
    user: str
    folder: str
    known_hosts: Path
    port: int = 22
    key_file: Path | None = None
    key_passphrase: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    read_back: bool = False
    timeout: float = 20.0

    def deliver(self, name: str, content: bytes) -> Delivered:
        """Upload under ``<name>.<random>.part``, compare the size, then rename to ``name``."""
        name = _checked(name)
        final = f"{self.folder.rstrip('/')}/{name}" if self.folder else name
        place = f"sftp://{self.user}@{self.host}:{self.port}/{final.lstrip('/')}"
        proof = Delivered(place, len(content), _sha256(content), already_there=False)
        with self._session() as sftp:
            if self._same(sftp, final, proof):
                return Delivered(place, proof.size, proof.sha256, already_there=True)
            # A name of its own for every attempt: two senders never write into one file.
            temporary = f"{final}.{uuid.uuid4().hex[:12]}.part"
            try:
                sftp.putfo(io.BytesIO(content), temporary, confirm=False)
                if self.read_back:
                    arrived = self._remote_sha256(sftp, temporary) == proof.sha256
                else:
                    arrived = sftp.stat(temporary).st_size == proof.size
                if not arrived:
                    raise TemporaryDeliveryError(f"届いた内容が送った内容と一致しません: {place}")
                return self._rename(sftp, temporary, final, proof)
            except BaseException:
                # Best effort: on a broken connection the remains keep their .part name, which nobody reads.
                with contextlib.suppress(Exception):
                    sftp.remove(temporary)
                raise

    def _rename(self, sftp: paramiko.SFTPClient, temporary: str, final: str, proof: Delivered) -> Delivered:
        try:
            # SFTP's own rename refuses to replace; posix-rename would silently overwrite a rival's file.
            sftp.rename(temporary, final)
        except (FileNotFoundError, PermissionError):
            raise
        except OSError:
            if self._same(sftp, final, proof):
                sftp.remove(temporary)
                return Delivered(proof.place, proof.size, proof.sha256, already_there=True)
            # No file in the way: a server without hard links, which SFTP's rename needs. Still one step.
            sftp.posix_rename(temporary, final)
        return proof

    def _same(self, sftp: paramiko.SFTPClient, final: str, proof: Delivered) -> bool:
        try:
            found = sftp.stat(final)
        except FileNotFoundError:
            return False
        regular = stat.S_ISREG(found.st_mode or 0)
        if not regular or found.st_size != proof.size or self._remote_sha256(sftp, final) != proof.sha256:
            raise ContentDiffers(f"同じ名前で内容の異なるファイルがあります: {proof.place}")
        return True

    @staticmethod
    def _remote_sha256(sftp: paramiko.SFTPClient, path: str) -> str:
        digest = hashlib.sha256()
        with sftp.open(path, "rb") as file:
            file.prefetch()
            while block := file.read(1 << 18):
                digest.update(block)
        return digest.hexdigest()

    def _key(self) -> paramiko.PKey | None:
        if self.key_file is None:
            return None
        import paramiko

        passphrase = self.key_passphrase
        try:
            return paramiko.PKey.from_path(self.key_file, passphrase)
        except (OSError, ValueError, TypeError, paramiko.SSHException) as error:
            raise DeliveryRefused(f"ログイン用の鍵を読めません: {self.key_file}") from error

    @contextlib.contextmanager
    def _session(self) -> Iterator[paramiko.SFTPClient]:
        import paramiko

        where = f"{self.host}:{self.port}"
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            client.load_host_keys(str(self.known_hosts))
        except (OSError, paramiko.hostkeys.InvalidHostKey) as error:
            raise DeliveryRefused(f"known_hosts ファイルを読めません: {self.known_hosts}") from error
        key = self._key()
        try:
            try:
                client.connect(
                    self.host,
                    port=self.port,
                    username=self.user,
                    password=self.password,
                    pkey=key,
                    allow_agent=False,
                    look_for_keys=False,
                    timeout=self.timeout,
                    banner_timeout=self.timeout,
                    auth_timeout=self.timeout,
                    channel_timeout=self.timeout,
                )
            except paramiko.BadHostKeyException as error:
                raise DeliveryRefused(
                    f"接続先のホスト鍵が登録済みの鍵と違います。送信しません: {where}"
                ) from error
            except paramiko.ssh_exception.IncompatiblePeer as error:
                raise DeliveryRefused(f"接続先と暗号方式が合いません: {where}: {error}") from error
            except paramiko.AuthenticationException as error:
                raise DeliveryRefused(f"接続先にログインできません（認証エラー）: {where}") from error
            sftp = client.open_sftp()
            channel = sftp.get_channel()
            if channel is not None:
                channel.settimeout(self.timeout)
            yield sftp
        except DeliveryError:
            raise
        except paramiko.SSHException as error:
            if "not found in known_hosts" in str(error):
                raise DeliveryRefused(
                    f"接続先のホスト鍵が登録されていません。送信しません: {where}"
                ) from error
            raise TemporaryDeliveryError(f"SFTPの通信が途切れました: {where}: {error}") from error
        except PermissionError as error:
            raise DeliveryRefused(f"接続先のフォルダーに書き込めません: {where} {self.folder}") from error
        except FileNotFoundError as error:
            raise DeliveryRefused(f"接続先のフォルダーがありません: {where} {self.folder}") from error
        except (EOFError, socket.gaierror, TimeoutError, OSError) as error:
            raise TemporaryDeliveryError(f"SFTPの通信ができません: {where}: {error}") from error
        finally:
            client.close()
