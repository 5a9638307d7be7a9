import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.slug import MAX_BYTES, slugify, unique_slugs


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Air defense", "air-defense"),
        ("Défense aérienne!", "defense-aerienne"),
        ("Łódź & Øresund", "lodz-oresund"),
        ("Straße", "strasse"),
        ("  a -- b  ", "a-b"),
        ("../../x", "x"),
        ("Протиповітряна оборона", "протиповітряна-оборона"),
        ("Київ і її йод", "київ-і-її-йод"),
        ("دفاع جوي", "دفاع-جوي"),
        ("ＡＢＣ ①", "abc-1"),
    ],
)
def test_slug_is_lower_case_words_joined_by_hyphens(name: str, slug: str) -> None:
    assert slugify(name) == slug


@pytest.mark.parametrize("name", ["CON", "nul", "com¹", "LPT9", "Aux"])
def test_name_of_a_windows_device_is_lengthened(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+-[0-9a-f]{8}", slugify(name))


@pytest.mark.parametrize("name", ["", "!!!", "🔥", "\0", "\ud800", "..", "\u202e"])
def test_name_without_letters_becomes_a_hash(name: str) -> None:
    assert re.fullmatch(r"x-[0-9a-f]{8}", slugify(name))


def test_names_with_one_slug_are_told_apart_and_the_first_keeps_it() -> None:
    slugs = unique_slugs(["Air defense", "air-defense", "AIR DEFENSE!"])
    assert slugs["Air defense"] == "air-defense"
    assert len(set(slugs.values())) == 3
    assert all(slug.startswith("air-defense") for slug in slugs.values())


@given(st.text(max_size=200))
def test_slug_is_safe_as_a_file_name_and_as_part_of_an_address(name: str) -> None:
    slug = slugify(name)
    assert 0 < len(slug.encode()) <= MAX_BYTES + 9
    assert not set(slug) & set("/\\\0 .?#%&:*\"'<>|\n\t\u202e")
    assert slug.strip("-") == slug
    assert slugify(name) == slug


@given(st.lists(st.text(max_size=5), unique=True))
def test_slugs_of_different_names_differ(names: list[str]) -> None:
    slugs = unique_slugs(names)
    assert len(set(slugs.values())) == len(names)
