"""Orders texts as .NET does in culture en-US, for greater, less and their kin.

The order is the root order of the Unicode collation algorithm: blanks, punctuation, symbols, digits, letters; accents
decide only between texts that are else equal, then case, with the small letter first. `less('a', 'B')`,
`less('a', 'A')` and `less('résumé', 'Resumes')` are all true. The table holds the common scripts; other characters
follow in the order of their code points. The service runs on Windows, whose order differs for punctuation inside words.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

BLANKS = "\t\n\x0b\x0c\r\x85\u2028\u2029 "
# Characters in order, those that differ only by accent or case together, small before capital.
ORDER = (
    "‾ _ ‗ - ‐‑ ‒ – — ― ⁓ ゠ ・ , ; ⁏ : !‼⁉ ¡ ?⁈⁇ ¿ ‽ .․‥… · ⁕ ⁖ ⁘ ⁙ ⁚ ⁛ ⁜ ⁝ ⁞ ' ‘ ’ ‚ ‛ ‹ › \" “ ” „ "
    "‟ « » ( ) [ ] { } ⁅ ⁆ ‖ § ¶ ⁋ @ * ⁎ ⁑ / \\ & ⁊ # % ‰ ‱ † ‡ • ‣ ‧ ⁃ ⁌ ⁍ ′″‴⁗ ‵‶‷ ‸ ※ ‿ ⁔ ⁀ ⁐ ⁁ ⁂ "
    "` ´΄ ^ ¯ ¨ ¸ ゛ ゜ ͵ ° © ® ← → ↑ ↓ ↔ ↕ ↖ ↗ ↘ ↙ ↜ ↝ ↞ ↟ ∀ ∁ ∂ ∃ ∅ ∆ ∇ ∈ ∊ ∋ ∍ ϶ ∎ ∏ ∐ ∑ + ± ÷ × < "
    "= > ¬ | ¦ ~ − ⁒ ∓ ∔ ∕ ⁄ ∖ ∗ ∘ ∙ √ ∛ ∜ ∝ ∞ ∟ ∠ ∡ ∢ ∣ ∥ ∧ ∨ ∩ ∪ ∫∬∭ ∮∯∰ ∱ ∲ ∳ ∴ ∵ ∶ ∷ ∸ ∹ ∺ ∻ ∼ ∽ "
    "∾ ∿ ≀ ≂ ≃ ≅ ≆ ≈ ≊ ≋ ≌ ≍ ≎ ≏ ≐ ≑ ≒ ≓ ≔ ≕ ≖ ≗ ≘ ≙ ≚ ≛ ≜ ≝ ≞ ≟ ゝ ー ヽ ¤ ¢ $ £ ¥ ₠ ₡ ₢ ₣ ₤ ₥ ₦ ₧ ₩ "
    "₪ ₫ € ₭ ₮ ₯ ₰ ₱ ₲ ₳ ₴ ₵ ₶ ₷ ₸ ₹ ₺ ₻ ₼ ₽ ₾ ₿ ⃀ ₨ 0 1¹½¼ 2² 3³¾ 4 5 6 7 8 9 aAªæÆ Ⱥ ɐ ɑ ɒ bB ʙ ƀɃ "
    "ɓƁ ƃƂ cC ȼȻ ƈƇ ɕ dDđĐðÐȸ ǳʣǲǱǆǅǄ ʥ ʤ ɖƉ ɗƊ ƌƋ ȡ eE ɇɆ ǝƎ əƏ ɛƐ ɘ ɚ ɜ ɝ ɞ ʚ ɤ fFʩ ƒƑ gG ɡ ɢ ǥǤ ɠƓ "
    "ʛ ɣƔ ƣƢ hHħĦ ʜ ƕǶ ɦ ɧ iIĳĲ ı ɪ ɨƗ ɩƖ jJ ȷ ɉɈ ʝ ɟ ʄ kK ƙƘ ʞ lLłŁŀĿǉǈǇʪ ʫ ʟ ƚȽ ɫ ɬ ɭ ȴ ɮ ƛ ʎ mM ɱ "
    "nNǌǋǊ ɴ ɲƝ ƞȠ ɳ ȵ ŋŊ oOºøØœŒ ɶ ɔƆ ɵƟ ɷ ȣȢ pP ƥƤ ɸ qQȹ ʠ ɋɊ ĸ rR ʀƦ ɍɌ ɹ ɺ ɻ ɼ ɽ ɾ ɿ ʁ sSſß ʂ ȿ "
    "ʃƩ ƪ ʅ ʆ tTʨƾʦʧ ŧŦ Ⱦ ƫ ƭƬ ʈƮ ȶ ʇ uU ʉɄ ɥ ʮ ʯ ɯƜ ɰ ʊƱ vV ʋƲ ʌɅ wW ʍ xX yY ʏ ɏɎ ƴƳ ȝȜ zZƍ ƶƵ ȥȤ ʐ "
    "ʑ ɀ ʒƷ ƹƸ ƺ ʓ þÞ ƿǷ ƻ ƨƧ ƽƼ ƅƄ ʔ ɂɁ ŉ ʕ ʡ ʢ ʖ ǀ ǁ ǂ ǃ ʗ ʘ ʬ ʭ αΑ βϐΒ γΓ δΔ εϵΕ ϝϜ ͷͶ ϛϚ ζΖ ͱͰ ηΗ "
    "θϑΘϴ ιͺΙ ϳͿ κϰΚ ϗϏ λΛ μµΜ νΝ ξΞ οΟ πϖΠ ϻϺ ϟϞ ϙϘ ρϱΡ ϼ σϲΣϹς ͼϾ ͻϽ ͽϿ τΤ υΥϒ φϕΦ χΧ ψΨ ωΩ ϡϠ ͳͲ "
    "ϸϷ ϣϢ ϥϤ ϧϦ ϩϨ ϫϪ ϭϬ ϯϮ аА бБ вВ гГ дД ђЂ еЕ єЄ жЖ зЗ ѕЅ иИ іІ јЈ кК лЛ љЉ мМ нН њЊ оО пП рР сС "
    "тТ ћЋ уУ фФ хХ цЦ чЧ џЏ шШ щЩ ъЪ ыЫ ьЬ эЭ юЮ яЯ א ב ג ד ה ו ז ח ט י כך ל מם נן ס ע פף צץ ק ר ש ת "
    "ء ا ب ة ت ث ج ح خ د ذ ر ز س ش ص ض ط ظ ع غ ف ق ك ػ ؼ ل م ن ه و ى ي ؽ ؾ ؿ ぁあァア ぃいィイ "
    "ぅうゥウ ぇえェエ ぉおォオ ゕかヵカ きキ くク ゖけヶケ こコ ヿ さサ しシ すス せセ そソ たタ "
    "ちチ っつッツ てテ とト なナ にニ ぬヌ ねネ のノ はハ ひヒ ふフ へヘ ほホ まマ みミ むム めメ "
    "もモ ゃやャヤ ゅゆュユ ょよョヨ ゟ らラ りリ るル れレ ろロ ゎわヮワ ゐヰ ゑヱ をヲ んン "
)
# Letters that stand as two, behind those two.
EXPANSIONS = {"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ß": "ss", "ø": "o\u0338", "Ø": "O\u0338"}
# Room between two places of the table for all characters outside it.
GAP = 0x110000

Key = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def compare(left: str, right: str) -> int:
    """Negative, zero or positive, as left stands before, with or behind right."""
    if left == right:
        return 0
    first, second = _key(left), _key(right)
    return (first > second) - (first < second)


@lru_cache(maxsize=4096)
def _key(text: str) -> Key:
    """Places of the letters, then accents, then case: each decides only where all before are equal."""
    ranks = _ranks()
    primary: list[int] = []
    accents: list[int] = []
    cases: list[int] = []
    for character, changed in _decomposed(text):
        if unicodedata.combining(character):
            # An accent belongs to the letter before it; one without a letter has nothing to change.
            if accents:
                accents[-1] = accents[-1] * 1024 + ord(character) % 1024 + 1
            continue
        if unicodedata.category(character) in ("Cc", "Cf") and character not in BLANKS:
            continue
        place, accent, case = ranks.get(character) or (_place_outside(character), 0, 0)
        primary.append(place)
        accents.append(accent)
        cases.append(case + 2 * changed)
    return tuple(primary), tuple(accents), tuple(cases)


def _decomposed(text: str) -> Iterator[tuple[str, bool]]:
    """Letters and accents apart; True: the character stands for another one that looks different."""
    if text.isascii():
        yield from ((character, False) for character in text)
        return
    for character in text:
        apart = EXPANSIONS.get(character)
        changed = apart is not None
        if apart is None:
            apart = unicodedata.normalize("NFD", character)
            compatible = unicodedata.normalize("NFKD", character)
            apart, changed = compatible, compatible != apart
        yield from ((item, changed) for item in apart)


def _place_outside(character: str) -> int:
    """Symbols outside the table stand before the digits, letters behind all others."""
    if unicodedata.category(character)[0] in "PSZ":
        return _ranks()["0"][0] - GAP + ord(character)
    return len(_ranks()) * GAP + ord(character)


@cache
def _ranks() -> dict[str, tuple[int, int, int]]:
    """Character -> place of its letter, of its accent within the letter, and 1 for a capital."""
    ranks = {character: (index * GAP, 0, 0) for index, character in enumerate(BLANKS)}
    for place, group in enumerate(ORDER.split(), start=len(BLANKS)):
        for index, character in enumerate(group):
            small = character.lower()
            accent = group.index(small) if small in group else index
            ranks[character] = (place * GAP, accent, int(character != small))
    return ranks
