"""The page's own words, by key; Chinese stands in the catalogue under the context `chat`."""

from __future__ import annotations

from bot.language.texts import Texts

WORDS: dict[str, str] = {
    "title": "Chat with {lender}",
    "intro": "This is a private conversation between you and {lender}. An automated assistant answers first;"
    " you can ask for a person at any time. We never ask for passwords or verification codes.",
    "open": "Open chat",
    "open_intro": "Your private conversation with {lender}. This link opens it once.",
    "header_bot": "Automated assistant",
    "header_human": "You are with our team",
    "from_you": "You",
    "from_bot": "Assistant",
    "from_agent": "Our team",
    "typing": "{name} is typing",
    "notice_human": "Our team has taken over. A person will answer you here.",
    "notice_bot": "The automated assistant is back. You can ask for a person at any time.",
    "notice_joined": "{name} has joined the conversation",
    "log_label": "Conversation",
    "day_today": "Today",
    "day_yesterday": "Yesterday",
    "options_label": "Your options",
    "chosen": "chosen",
    "jump": "New messages",
    "menu_label": "Quick requests",
    "menu_human": "Talk to a person",
    "menu_stop": "Stop messages",
    "menu_language": "中文",
    "input_label": "Your message",
    "input_placeholder": "Write a message",
    "send": "Send",
    "too_long": "This is too long for one message. Please shorten it, or send it in parts.",
    "too_fast": "That was a lot at once. Please wait a moment and try again.",
    "attach": "Add a photo or a PDF",
    "file_large": "This file is larger than 5 MB. A smaller photo will do.",
    "file_type": "Only photos (JPG, PNG, WebP) and PDF files can be sent here.",
    "file_many": "That is all we can take today. Please tell us the rest in words, or ask for a person.",
    "file_lost": "The page was opened anew before this file was sent. Please choose it once more.",
    "sending": "Sending…",
    "waiting": "Waiting for a connection",
    "failed": "Not sent",
    "retry": "Try again",
    "discard": "Remove",
    "connecting": "Connecting…",
    "offline": "No connection right now. What you write is kept and sent as soon as you are back online.",
    "closed": "This conversation has been closed here.",
    "closed_replaced": "You have opened this conversation in another window.",
    "closed_expired": "To protect your privacy, this page has expired."
    " Please open the latest link we sent you.",
    "reconnect": "Continue here",
}


def page_texts(texts: Texts, locale: str, lender: str) -> dict[str, str]:
    """Return every word of the page in a locale."""
    return {
        key: texts.translate("chat", source, locale).replace("{lender}", lender)
        for key, source in WORDS.items()
    }
