"""The places where the listener leans on the inside of pynetdicom: each fails here first when upstream moves it."""

import socket
from pathlib import Path

import pytest
from pynetdicom.transport import AssociationSocket

from node.listener.acceptor import Connection, PromptSocket, Server
from node.listener.scp import application_entity
from node.settings import ReceiveSettings
from tests.support.listening import listening
from tests.support.wire import ASSOCIATE_AC, Wire


def test_the_socket_of_an_association_is_ours_and_sends_small_writes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    recv = PromptSocket.recv

    def noted(self: PromptSocket, nr_bytes: int) -> bytearray:
        seen.append((nr_bytes, self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), self.silence_s))
        return recv(self, nr_bytes)

    monkeypatch.setattr(PromptSocket, "recv", noted)
    with listening(tmp_path, idle_seconds=17.0) as node, Wire(node.port) as peer:
        assert peer.associate()[0] == ASSOCIATE_AC
        peer.release()
    # A header of six bytes, then the body that it announced: for the request, and for the release; then the close.
    assert {count for count, _, _ in seen[::2]} == {6}
    assert seen[1][0] > 68
    assert seen[3][0] == 4
    assert {(delay != 0, silence) for _, delay, silence in seen} == {(True, 17.0)}


def test_what_we_override_exists_upstream() -> None:
    assert callable(AssociationSocket.recv)
    assert callable(Connection._create_association)
    assert issubclass(PromptSocket, AssociationSocket)
    assert not hasattr(AssociationSocket, "__slots__")


def test_silent_threads_do_not_count_as_associations() -> None:
    entity = application_entity(ReceiveSettings(ae_title="CALCIUM", maximum_associations=1))
    assert entity.maximum_associations > 1000
    assert Server.daemon_threads
