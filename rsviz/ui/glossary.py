"""The text of a help mark beside a word where a page first uses it."""

from rsviz.reference.glossary import WORDS, Word, words_in


def explain(*words: str) -> str:
    """The sentences of these words, each with a link to where it can be seen. words: keys of WORDS."""
    if len(words) == 1:
        return _sentence(words[0])
    return "  \n".join(entry(WORDS[word]) for word in words)


def explain_all(text: str, *more: str) -> str:
    """A sentence of help, and those of the words that it uses. more: texts beside it, such as its label."""
    words = dict.fromkeys(key for one in (*more, text) for key in words_in(one))
    return "  \n".join([text, explain(*words)]) if words else text


def marks(text: str, *known: str) -> str | None:
    """The sentences of the words that a text uses, but for those that are known; None without one."""
    words = [key for key in words_in(text) if key not in known]
    return "  \n".join(entry(WORDS[key]) for key in words) or None


def entry(word: Word) -> str:
    """A word, its sentence and its link, as Markdown."""
    return f"**{word.title}**: {_sentence(word.key)}"


def _sentence(key: str) -> str:
    word = WORDS[key]
    return f"{word.says} [{word.place}]({word.view})" if word.view else word.says
