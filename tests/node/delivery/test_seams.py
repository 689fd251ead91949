"""The places where delivery leans on the inside of pynetdicom: each fails here first when upstream moves it."""

from pynetdicom import _config
from pynetdicom.ae import ApplicationEntity
from pynetdicom.transport import AssociationSocket

from node.delivery.line import CallingEntity, PromptSocket


def test_what_we_override_exists_upstream() -> None:
    for name in ("connect", "recv", "event_queue", "provider_queue"):
        assert hasattr(AssociationSocket, name), name
    assert callable(ApplicationEntity._create_socket)
    assert issubclass(CallingEntity, ApplicationEntity)
    assert issubclass(PromptSocket, AssociationSocket)


def test_files_go_out_as_they_lie_there() -> None:
    assert _config.STORE_SEND_CHUNKED_DATASET is True
