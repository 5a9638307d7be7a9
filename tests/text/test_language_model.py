"""The automaton is kept in a smaller form than py3langid's, and says the same."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier, visit_counts

from aggregator.text.language_model import Model, model

_SENTENCES = ["Die Regierung sagte, daß Hilfe kommt", "Вночі над Києвом збили дрони", "مقتل عشرة أشخاص", "津波警報"]


@pytest.fixture(scope="module")
def whole() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE)


@settings(deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=300), st.text(max_size=150).map(str.encode), st.sampled_from(_SENTENCES).map(str.encode)
    )
)
def test_features_are_those_of_py3langid(whole: LanguageIdentifier, data: bytes) -> None:
    assert Counter(model().features(data)) == (
        visit_counts(whole.tk_nextmove, whole._rowbase, whole.tk_output, data) or Counter()
    )


def test_every_sentence_has_features() -> None:
    loaded: Model = model()
    assert all(loaded.features(sentence.encode()) for sentence in _SENTENCES)
