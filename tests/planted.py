"""Personal data as it may turn up anywhere, drawn by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

_digits = st.text("0123456789", min_size=8, max_size=8)
chinese_names = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["王", "李", "张", "欧阳", "司徒"]),
        st.text("伟芳娜敏静丽强磊军洋", min_size=1, max_size=2),
    ),
)
western_names = st.builds(
    "{} {}".format,
    st.sampled_from(["Samuel", "Aoife", "Priya"]),
    st.sampled_from(["Reed", "O'Brien", "Patel"]),
)
mobiles = st.builds("1{}{}".format, st.sampled_from(["38", "59", "99"]), _digits)
identity_numbers = st.builds(
    "1101011990051{}{}".format, st.text("0123456789", min_size=4, max_size=4), st.just("X")
)
cards = st.builds("62220212{}".format, _digits)
spaced_cards = cards.map(lambda one: " ".join(one[n : n + 4] for n in range(0, 16, 4)))
emails = st.builds("{}@mail.example".format, st.text("abcdefgh.", min_size=3, max_size=9).filter(str.isalpha))
words = st.sampled_from(["我得了癌症还不上了", "my husband left and I cannot pay", "我妈的手机打不通"])
personal = st.one_of(
    chinese_names, western_names, mobiles, identity_numbers, cards, spaced_cards, emails, words
)
