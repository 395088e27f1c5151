import itertools
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mdi_engine.normalize.persons.names import (
    newborn_mother,
    newborn_order,
    person_core,
    person_father,
    person_marks,
    person_name,
    person_sound,
    person_titles,
)
from mdi_engine.normalize.persons.parse import parse_person_name, read_person_name
from mdi_engine.normalize.persons.tokens import name_words, plain
from mdi_engine.reference.person_words import person_words

# Every word that means more than itself, and words that do not.
MEANT = sorted(
    person_words().special | set(person_words().suffixes) | set(person_words().specialities) | person_words().bali_names
)
NAMES = ["siti", "aminah", "budi", "santoso", "moch", "achmad", "wayan", "nurhayati", "a", "abdurrahman", "dwi", "md"]
WORDS = st.sampled_from([*MEANT, *NAMES, *NAMES, "perempuan", "kembar", "ii"])
PLAIN_NAME = st.lists(st.sampled_from(["Siti", "Aminah", "Budi", "Santoso", "Dewi", "Rahayu"]), min_size=1, max_size=4)
CASES: st.SearchStrategy[Callable[[str], str]] = st.sampled_from([str.lower, str.upper, str.title])


def spelled(gaps: str) -> st.SearchStrategy[str]:
    pairs = st.tuples(WORDS, st.sampled_from(list(gaps)), CASES)
    return st.lists(pairs, max_size=7).map(lambda found: "".join(case(word) + gap for word, gap, case in found))


@given(spelled(" "))
def test_the_short_way_reads_a_name_as_the_long_way_does(text: str) -> None:
    assert parse_person_name(text) == read_person_name(name_words(plain(text)))


@given(spelled(" .,-()/'"))
def test_a_core_is_its_own_core(text: str) -> None:
    core = person_core(text)
    assert person_core(core) == core
    assert core is None or core.isascii()
    assert core is None or (core == core.lower() and all(word.isalpha() for word in core.split(" ")))


@given(spelled(" .,-()"))
@example("boy,baby ")
@example("boy siti, dr, baby")
def test_a_name_for_display_stays_as_it_is(text: str) -> None:
    assert person_core(person_name(text)) == person_core(text) or person_father(text) is not None


BEFORE = ["dr.", "Dr.", "drg.", "H.", "Hj.", "Prof.", "Ir.", "Ns.", "R.", "Tn.", "Ny."]
BEHIND = [", S.Kep", ", Sp.PD", ", Sp.A(K)", ", M.Kes.", ",SKM", ", A.Md.Keb", ", S.E.", ", Dr"]


@given(PLAIN_NAME, st.lists(st.sampled_from(BEFORE), unique=True), st.lists(st.sampled_from(BEHIND), unique=True))
def test_titles_leave_the_name_alone_and_are_all_kept(words: list[str], before: list[str], behind: list[str]) -> None:
    name = " ".join(words)
    full = " ".join([*before, name]) + "".join(behind)
    assert person_core(full) == person_core(name)
    assert person_name(full) == name.upper()
    titles = (person_titles(full) or "").split()
    assert len(titles) == len(set(before) - {"Tn.", "Ny."}) + len(behind)


@pytest.mark.parametrize("title", sorted({*person_words().suffixes.values()} - {"Dr."}))
def test_every_title_behind_a_name_is_read_in_its_normal_spelling(title: str) -> None:
    for written in (title, title.upper(), title.replace(".", ""), title.replace(".", ". ")):
        text = f"Siti Aminah, {written}"
        assert (person_titles(text), person_core(text)) == (title, "siti amina"), text


@pytest.mark.parametrize("word", sorted(set(person_words().prefixes) - {"dr"}))
def test_every_title_before_a_name_is_read_in_its_normal_spelling(word: str) -> None:
    title = person_words().prefixes[word]
    for written in (word, f"{word}.", word.upper()):
        assert (person_titles(f"{written} Siti"), person_core(f"{written} Siti")) == (title, "siti")


@pytest.mark.parametrize("code", sorted(person_words().specialities.values()))
def test_every_speciality_is_read(code: str) -> None:
    for written in (f"Sp.{code}", f"Sp. {code}", f"SP.{code.upper()}"):
        assert person_titles(f"dr. Siti, {written}") == f"dr. Sp.{code}"
    assert person_titles(f"dr. Siti, Sp.{code}(K)") == f"dr. Sp.{code}(K)"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dwi", "Dewi"), ("Eka", "Eko"), ("Tri", "Tria"), ("Rohman", "Rahman"), ("Budi", "Buda"), ("Sri", "Siti"),
        ("Nur", "Noura"), ("Ahmad", "Amad"), ("M Ali", "Muhammad Ali"), ("Fitri", "Fitria"), ("Adi", "Ade"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "dr. {}", "{} Lestari, S.Kep", "NY. {} RAHAYU"])
def test_different_names_stay_different(one: str, other: str, around: str) -> None:
    assert person_core(around.format(one)) != person_core(around.format(other))


@pytest.mark.parametrize(
    "spellings",
    [
        ["Muhammad Ali", "MUHAMAD ALI", "Moh. Ali", "MOCH ALI", "Muh. Ali", "Mhd. Ali", "Md. Ali", "Mochammad Ali"],
        ["Siti Aisyah", "ST AISYAH", "SITTI AISAH", "dr. Siti Aisyah, Sp.PD", "SITI AISYAH binti UMAR", "SITI.AISYAH"],
        ["Abdul Rahman", "ABD. RACHMAN", "Abdurrahman", "Abdurahman", "ABDULRAHMAN"],
        ["Sukarno", "Soekarno", "Ir. SOEKARNO", "SUKARNO BIN HASAN"],
        ["Widjaja", "WIJAYA", "Widjaya"], ["Dewi", "Dewie", "DEWI"], ["Ma'ruf", "MARUF", "Ma’ruf", "Ma`ruf"],
        ["Nurhayati", "Nur Hayati", "NOOR HAYATI", "Noerhajati"], ["Chairul", "Khairul", "KHAERUL", "Hairul"],
        ["I Wayan Sudana", "WAYAN SUDANA", "I Wyn. Sudana"], ["Rina Br. Siregar", "RINA BORU SIREGAR", "Rina Siregar"],
        ["Ny. Br. Siregar", "SIREGAR", "BR SIREGAR"], ["Bp. Budi", "Budi", "Budi, Bp", "Sdr. Budi"],
        ["Budi Siregar", "SIREGAR, BUDI", "Siregar, Budi, S.Kom", "dr. Siregar, Budi"], ["Jusuf", "YUSUP", "Joesoef"],
        ["Njoman", "Nyoman"], ["Setiawan", "SETYAWAN"], ["Fitriyani", "FITRIANI"], ["Zaenal", "Zainal", "JAENAL"],
    ],
)  # fmt: skip
def test_spellings_of_one_name_meet(spellings: list[str]) -> None:
    assert {person_core(text) for text in spellings} == {person_core(spellings[0])}
    assert {person_sound(text) for text in spellings} == {person_sound(spellings[0])}


@pytest.mark.parametrize(
    ("text", "name", "titles"),
    [
        ("dr. Siti Aisyah, Sp.PD", "SITI AISYAH", "dr. Sp.PD"),
        ("SITI AISYAH, Dr", "SITI AISYAH", "Dr."),
        ("DR. SITI", "SITI", "dr."),
        ("DR. DR. SITI, SP.A(K)", "SITI", "Dr. dr. Sp.A(K)"),
        ("PROF. DR. SITI", "SITI", "Prof. Dr."),
        ("PROF. DR. SITI, SP.PD", "SITI", "Prof. dr. Sp.PD"),
        ("DR. SITI, S.KEP, M.KES", "SITI", "Dr. S.Kep M.Kes"),
        ("Dr. dr. H. Budi, Sp.B-KBD, FINACS", "BUDI", "Dr. dr. H. Sp.B-KBD FINACS"),
        ("drg. Rina S. Putri, Sp. KGA", "RINA S PUTRI", "drg. Sp.KGA"),
        ("Siti Aisyah Amd. Keb", "SITI AISYAH", "A.Md.Keb"),
        ("SITI S PD", "SITI", "S.Pd"),
        ("BUDI SE MM", "BUDI", "S.E. M.M."),
        ("Budi Santoso, S.Xyz", "BUDI SANTOSO", "S.Xyz"),
        ("BUDI S E", "BUDI S E", None),
        ("SUSILO B. Y.", "SUSILO B Y", None),
        ("PRAKTIK MANDIRI BIDAN HJ. AMINAH, S.ST", "AMINAH", "Bd. Hj. S.ST"),
        ("Praktek Mandiri Dokter Gigi Rina", "RINA", "drg."),
        ("R.A. Kartini", "KARTINI", "R.A."),
        ("RADEN AJENG KARTINI", "KARTINI", "R.A."),
        ("Hj.SITI AISYAH,S.Kep,Ns", "SITI AISYAH", "Hj. S.Kep Ns."),
        ("H", "H", None),
        ("SH", "SH", None),
        ("dr.", None, "dr."),
        ("José", "JOSE", None),
        ("Andi Mappe", "ANDI MAPPE", None),
        ("Siti (Ibu Ani)", "SITI", None),
        ("12345", None, None),
    ],
)
def test_names_and_titles(text: str, name: str | None, titles: str | None) -> None:
    assert (person_name(text), person_titles(text)) == (name, titles)


@pytest.mark.parametrize(
    ("text", "core", "father"),
    [
        ("AHMAD BIN H. UMAR", "ahmad", "umar"),
        ("SITI BT HASAN", "siti", "hasan"),
        ("ALI BIN UMAR BIN SAID", "ali", "umar"),
        ("Siti, binti Hasan", "siti", "hasan"),
        ("BT SITI", "bt siti", None),
        ("SITI BT", "siti", None),
        ("Bintang Sari", "bintang sari", None),
    ],
)
def test_fathers(text: str, core: str, father: str | None) -> None:
    assert (person_core(text), person_father(text)) == (core, father)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("NY. BUDI SANTOSO", "ny"), ("Tn.BUDI,SE", "tn"), ("BUDI (ALM)", "alm"), ("Almh. Siti", "alm"),
        ("SITI BINTI HASAN (ALM)", None), ("An. Budi", "an"), ("Siti, An.", "an"), ("An Nisa", None), ("Siti An", None),
        ("By. Ahmad", "by"), ("By. Ny. Siti", "by newborn ny"), ("Bayi Perempuan Siti", "by newborn"), ("NY", "ny"),
    ],
)  # fmt: skip
def test_marks(text: str, marks: str | None) -> None:
    assert person_marks(text) == marks


@pytest.mark.parametrize(
    ("text", "mother", "order"),
    [
        ("By. Ny. Siti Aminah", "siti amina", None), ("BAYI NY SITI", "siti", None), ("BY NY. SITI 2", "siti", "2"),
        ("Bayi Perempuan Ny. Siti", "siti", None), ("By Ny Siti I", "siti", "1"), ("By Ny Siti III", "siti", "3"),
        ("By Ny Siti Kembar 2", "siti", "2"), ("BAYI II NY SITI", "siti", "2"), ("Bayi 1 Ny Siti", "siti", "1"),
        ("By.Ny.Siti Gemelli B", "siti", "2"), ("BY NY SITI, TN BUDI", "siti", None), ("By Ny", None, None),
        ("Siti Aminah, By. Ny. (2)", "siti amina", "2"), ("BY NY SITI ANAK KE 2", "siti", "2"),
        ("BY NY SITI 99", "siti", None),
        ("By. Ny. I Wayan Sudana", "wayan sudana", None), ("By. Ny. Siti, S.Kep", "siti", None),
        ("BAYI TN BUDI", None, None), ("BABY NY SITI", "siti", None), ("BBL NY SITI", "siti", None),
        ("Baby Girl Mrs. Siti", "siti", None), ("Bayi Baru Lahir Ny. Siti", "siti", None),
        ("BBLR NY SITI II", "siti", "2"),
        ("By Ny Maria V", "maria v", None), ("By Ny Maria Kembar V", "maria", "5"), ("By Ny Mr X", None, None),
    ],
)  # fmt: skip
def test_newborns_are_their_mothers_and_nobody_themselves(text: str, mother: str | None, order: str | None) -> None:
    assert (newborn_mother(text), newborn_order(text)) == (mother, order)
    assert (person_core(text), person_name(text), person_sound(text)) == (None, None, None)


@pytest.mark.parametrize("text", ["By. Ahmad", "Siti", "NY. SITI", "An. Ny. Siti", "BIYANTO", "Kembar Sari"])
def test_others_are_no_newborns(text: str) -> None:
    assert (newborn_mother(text), newborn_order(text)) == (None, None)
    assert person_core(text) is not None


@pytest.mark.parametrize(
    "text",
    ["Mr X", "MR. X", "Mrs. X", "Tn. X", "X", "XXX", "Mr X (Laki-laki)", "Mr. X / Korban Laka", "Tanpa Nama",
     "TANPA NAMA 2",
     "Tidak Ada Nama", "No Name", "Noname", "Tidak Dikenal", "Pasien Tak Dikenal", "Tn. Unknown", "Tanpa Identitas",
     "Belum Ada Nama", "John Doe"],
)  # fmt: skip
def test_nobody_has_no_name(text: str) -> None:
    assert (person_core(text), person_name(text), person_sound(text)) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "core"),
    [("Malcolm X", "malcolm x"), ("Mr. Budi", "budi"), ("Baby Shanti", "babi santi"), ("Nama Sari", "nama sari")],
)
def test_somebody_with_such_words_has_one(text: str, core: str) -> None:
    assert person_core(text) == core


def test_order_of_words_is_kept() -> None:
    for words in itertools.permutations(["budi", "santoso", "siregar"]):
        assert person_core(" ".join(words)) == " ".join(words)
