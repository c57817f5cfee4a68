import yaml
from ordinary_metadata import ordinary_documents
from secret_documents import document, findings

from modelspec.rules.secrets import RULES
from modelspec.secret import scan
from modelspec.text.document import Document
from modelspec.text.source import Source


def test_there_are_more_than_200_distinct_documents_of_yaml() -> None:
    documents = list(ordinary_documents())
    assert len(set(documents)) == len(documents) > 200
    assert all(yaml.safe_load(text) for text in documents)


def test_ordinary_documents_have_no_error() -> None:
    for text in ordinary_documents():
        assert [hit for hit in scan(text) if hit.certain] == [], text
        assert [code for code, _ in findings(document(text)) if code != "MS513"] == [], text


def test_ordinary_documents_have_few_warnings() -> None:
    warned = [text for text in ordinary_documents() if findings(document(text))]
    assert len(warned) <= 5, warned


def test_an_unreadable_document_is_read_as_text() -> None:
    assert [*findings(Document(source=Source("x.yaml", "a: [\n"), root=None))] == []
    assert len(RULES) == 8
