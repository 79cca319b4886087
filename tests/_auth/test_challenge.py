"""WWW-Authenticate, Proxy-Authenticate and Authentication-Info fields (RFC 9110, RFC 7615)."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioclient._auth.challenge import (
    MAX_CHALLENGES,
    MAX_NAME_CHARACTERS,
    MAX_PARAMETERS,
    MAX_VALUE_CHARACTERS,
    Challenge,
    parse_authentication_info,
    parse_challenges,
)


def found(*values):
    """Challenges as plain tuples of what they have."""
    return [
        (challenge.scheme, dict(challenge.parameters))
        if challenge.token68 is None
        else (challenge.scheme, challenge.token68)
        for challenge in parse_challenges(values)
    ]


# --- what is well-formed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # RFC 9110 section 11.6.1
        (
            'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
            [
                ("basic", {"realm": "simple"}),
                ("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}),
            ],
        ),
        ("Negotiate", [("negotiate", {})]),
        ("NTLM, Negotiate", [("ntlm", {}), ("negotiate", {})]),
        ("Negotiate , Basic realm=x", [("negotiate", {}), ("basic", {"realm": "x"})]),
        ("NEGOTIATE YII+/-._~=", [("negotiate", "YII+/-._~=")]),
        ("Negotiate YII==, Basic realm=x", [("negotiate", "YII=="), ("basic", {"realm": "x"})]),
        ("X realm=", [("x", "realm=")]),  # a token68, by the grammar
        ("Basic REALM=Up", [("basic", {"realm": "Up"})]),
        ('Basic realm=""', [("basic", {"realm": ""})]),
        ("", []),
        (" , ,\t,", []),
    ],
)
def test_challenges_are_taken_apart(value, expected):
    assert found(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "D a=1, b=2",
        "D a=1,b=2",
        ", ,D a=1,,\t, b=2, ,",
        "D   a=1 ,\tb=2\t",
        "D a =1, b= 2",
        "D a\t=\t1, b \t = \t 2",
        'D a="1", b="\\2"',
    ],
)
def test_blanks_and_empty_elements_mean_nothing(value):
    assert found(value) == [("d", {"a": "1", "b": "2"})]


@pytest.mark.parametrize(
    ("quoted", "text"),
    [
        ('"a, b"', "a, b"),
        ('"a=b"', "a=b"),
        ('"x", Basic realm="y"', None),
        ('"x, Basic realm=y"', "x, Basic realm=y"),
        ('"\\", Basic realm=\\"y"', '", Basic realm="y'),
        ('"\\\\"', "\\"),
        ('"\\a\\,"', "a,"),
        ('"\t !#[]~"', "\t !#[]~"),
        ('"J\u00e4s\u00f8n \u20ac \U0001f600"', "J\u00e4s\u00f8n \u20ac \U0001f600"),
        ('"\\\u00e4"', "\u00e4"),
        ('"caf\udce9"', "caf\udce9"),  # a byte that is no UTF-8
    ],
)
def test_quotes_hide_what_has_a_meaning_elsewhere(quoted, text):
    challenges = found(f"D realm={quoted}, last=1")
    if text is None:
        assert challenges == [("d", {"realm": "x"}), ("basic", {"realm": "y", "last": "1"})]
    else:
        assert challenges == [("d", {"realm": text, "last": "1"})]


def test_several_fields_are_read_in_their_order():
    assert found("A", 'B realm="x", C', "D t68") == [
        ("a", {}),
        ("b", {"realm": "x"}),
        ("c", {}),
        ("d", "t68"),
    ]


def test_a_field_may_go_on_with_the_challenge_of_the_field_before():
    # RFC 9110 section 5.3: who joins the two with a comma must not change what they mean.
    assert (
        found("D a=1", "b=2, E")
        == found("D a=1, b=2, E")
        == [("d", {"a": "1", "b": "2"}), ("e", {})]
    )


# --- what is not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        "D a=1, a=2",
        'D a=1, A="1"',
        "D a=1 b=2",
        'D a="1"b',
        'D a="1" "2"',
        "D a=1, b=",
        "D a=1, =2",
        "D a=1, b=2=3",
        "D a=1, b c d",
        'D a=1, b "2"',
        "D a=https://site.example/",
        "D t68, a=1",
        "D t68=, a=1",
        "D t68 t68",
        "D t=6=8",
        "D =",
        "D \u00e4",
        "D a=\u00e4",
        "D \u00e4=1",
        "D a='\u00e4'",
        'D a="\x00"',
        'D a="\x1f"',
        'D a="\x7f"',
        'D a="\\\x00"',
        'D a="1\r\n2"',
        "D a=1\n",
        "D\x0ba=1",
        "\u00e4 a=1",
        "@ a=1",
        "=1",
        '"D" a=1',
        "D/1 a=1",
    ],
)
def test_a_malformed_challenge_is_left_out_and_the_others_stay(broken):
    expected = [("before", {"realm": "x"}), ("after", {"realm": "y"})]
    assert found("Before realm=x", f"{broken}, After realm=y") == expected


@pytest.mark.parametrize("broken", ["D a=1 b=2", "D a=(", "D a=1, a=1", "D a, b=1", "D", "D t68"])
def test_what_begins_as_a_challenge_takes_nothing_from_the_one_before(broken):
    assert found(f"Before realm=x, {broken}")[0] == ("before", {"realm": "x"})


@pytest.mark.parametrize("broken", ["b=", 'b "2"', "b c d", "(", '"b"', "b=1 2", 'b="1', "="])
def test_what_may_be_a_malformed_parameter_makes_its_challenge_malformed(broken):
    # Without the parameter that was meant the challenge might ask for something weaker.
    assert found(f"Before realm=x, {broken}") == []


@pytest.mark.parametrize("broken", ["@", "b c d", '"', "=", "D a=1 b=2"])
def test_a_broken_field_takes_nothing_from_the_field_before(broken):
    assert found("Before realm=x", broken, "After") == [("before", {"realm": "x"}), ("after", {})]


@pytest.mark.parametrize("end", ['"', '"x, After realm=y', '"x\\"', '"x\\', '"x\\", After'])
def test_an_unclosed_quote_goes_to_the_end_of_its_field_and_no_further(end):
    assert found(f"Before, D a={end}", "Next") == [("before", {}), ("next", {})]


def test_parameters_without_a_scheme_are_of_no_challenge():
    assert found("a=1, b=2, C", "D") == [("c", {}), ("d", {})]


def test_parameters_of_a_malformed_challenge_do_not_become_those_of_another():
    assert found("A a=1, (, b=2, B c=3") == [("b", {"c": "3"})]


# --- limits --------------------------------------------------------------------------------------


def test_challenges_past_the_limit_are_not_looked_at():
    schemes = [f"s{n}" for n in range(MAX_CHALLENGES + 1)]
    expected = [(scheme, {}) for scheme in schemes[:-1]]
    assert found(", ".join(schemes)) == expected
    assert found(*schemes) == expected
    # The last one is whole, though.
    assert found(*schemes[:-1], "a=1", "more", "b=2")[-1] == (schemes[-2], {"a": "1"})


def test_malformed_challenges_count():
    assert found("A", ", ".join(["(x"] * MAX_CHALLENGES), "B") == [("a", {})]


@pytest.mark.parametrize(
    ("count", "is_kept"), [(MAX_PARAMETERS, True), (MAX_PARAMETERS + 1, False)]
)
def test_a_challenge_with_too_many_parameters_is_left_out(count, is_kept):
    parameters = {f"p{n}": "1" for n in range(count)}
    text = ", ".join(f"{name}=1" for name in parameters)
    assert found(f"D {text}, E") == [("d", parameters)] * is_kept + [("e", {})]


@pytest.mark.parametrize(("extra", "is_kept"), [(0, True), (1, False)])
@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("{}", MAX_NAME_CHARACTERS),
        ("{} a=1", MAX_NAME_CHARACTERS),
        ("D {}=1", MAX_NAME_CHARACTERS),
        ("D {}", MAX_VALUE_CHARACTERS),
        ("D a={}", MAX_VALUE_CHARACTERS),
        ('D a="{}"', MAX_VALUE_CHARACTERS),
    ],
)
def test_a_challenge_with_something_too_long_is_left_out(text, limit, extra, is_kept):
    value = text.format("x" * (limit + extra))
    assert len(parse_challenges([f"{value}, E"])) == 1 + is_kept


@pytest.mark.parametrize(
    "piece",
    [
        *(" ", ",", '"', "\\", "=", "a", "a ", " a", "a=", "a,", "a=1,", "a =", 'a="', 'a="\\'),
        *('"\\', '\\"', '",', '"",', 'a="b",', "a a=a,", "a =\t", "\u00e4", "/=", 'a="\\"\\"'),
    ],
)
@pytest.mark.parametrize("begin", ["", "D ", 'D a="', "D a=", "D a"])
def test_the_time_for_a_hostile_field_is_linear(begin, piece):
    value = begin + piece * (65536 // len(piece))
    started = time.process_time()
    parse_challenges([value])
    parse_authentication_info(value)
    assert time.process_time() - started < 0.5  # takes 20 ms; a quadratic one, minutes


# --- for all -------------------------------------------------------------------------------------

TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~" + string.digits + string.ascii_letters
TOKENS = st.text(TOKEN_CHARACTERS, min_size=1, max_size=12)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from('\t",=\\\udce9'),
    max_size=20,
)
TOKENS68 = st.from_regex(r"[A-Za-z0-9\-._~+/]{1,20}={0,2}", fullmatch=True)


def quoted(text):
    return '"' + "".join(f"\\{c}" if c in '"\\' else c for c in text) + '"'


@st.composite
def challenges(draw):
    """A challenge, and how a server may write it."""
    scheme = draw(TOKENS)
    if draw(st.booleans()):
        token68 = draw(st.none() | TOKENS68)
        return Challenge(scheme.lower(), token68, {}), f"{scheme} {token68 or ''}"
    blank = st.text(" \t", max_size=2)
    parameters = draw(st.dictionaries(TOKENS.map(str.lower), TOKENS | TEXTS, min_size=1))
    parts = [
        draw(st.sampled_from([name, name.upper()]))
        + f"{draw(blank)}={draw(blank)}"
        + (text if text and set(text) <= set(TOKEN_CHARACTERS) else quoted(text))
        for name, text in parameters.items()
    ]
    comma = draw(st.sampled_from([",", ", ", " ,\t", ",,", ", ,"]))
    return Challenge(scheme.lower(), None, parameters), f"{scheme} {comma.join(parts)}"


@given(st.lists(challenges(), max_size=5), st.booleans())
def test_what_a_server_writes_is_what_is_read(given_challenges, in_one_field):
    expected = [challenge for challenge, _ in given_challenges]
    texts = [text for _, text in given_challenges]
    assert parse_challenges([", ".join(texts)] if in_one_field else texts) == expected


@given(st.lists(st.text(st.sampled_from('aB=, \t"\\(1\u00e4\x00')), max_size=3))
def test_no_text_is_an_error(values):
    for challenge in parse_challenges(values):
        assert challenge.scheme
        assert challenge.token68 is None or not challenge.parameters
    parse_authentication_info(", ".join(values))


@given(st.text(st.sampled_from('aB=, \t"\\1'), max_size=30))
def test_fields_mean_the_same_as_one_with_commas_if_both_are_well_formed(text):
    first, second = f'D n="{text}"', f"E o=1, p={text}"
    if len(parse_challenges([first])) == len(parse_challenges([second])) == 1:
        assert parse_challenges([first, second]) == parse_challenges([f"{first}, {second}"])


# --- Authentication-Info -------------------------------------------------------------------------


def test_authentication_info_is_taken_apart():
    value = 'nextnonce="a, b" ,QOP=auth,, rspauth="6629", cnonce="\\"x", nc=00000001'
    assert parse_authentication_info(value) == {
        "nextnonce": "a, b",
        "qop": "auth",
        "rspauth": "6629",
        "cnonce": '"x',
        "nc": "00000001",
    }


@pytest.mark.parametrize(
    "value",
    [
        *("", ",", "Digest", "Digest a=1", "a=1, b", "a=1, a=2", 'a="', "a=1 b=2", "a=1, b=\x00"),
        ", ".join(f"a{n}=1" for n in range(MAX_PARAMETERS + 1)),
        "a" * (MAX_NAME_CHARACTERS + 1) + "=1",
        "a=" + "x" * (MAX_VALUE_CHARACTERS + 1),
    ],
)
def test_malformed_authentication_info_says_nothing(value):
    assert parse_authentication_info(value) == {}


# --- secrets -------------------------------------------------------------------------------------


def test_what_proves_a_password_is_not_shown():
    assert "6629" not in repr(parse_authentication_info('rspauth="6629", qop=auth'))
    assert "rspauth" in repr(parse_authentication_info('rspauth="6629", qop=auth'))
    (challenge,) = parse_challenges(["Negotiate YIIsecret"])
    assert "secret" not in repr(challenge)
