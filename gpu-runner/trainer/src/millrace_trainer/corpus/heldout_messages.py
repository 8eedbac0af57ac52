"""Paraphrases for evaluation only; no template of them may yield a training message. See ``customer_messages.py`` for the slots."""

from __future__ import annotations

HELDOUT: dict[str, tuple[str, ...]] = {
    "order_status": (
        "could someone look up <ord> and tell me how far it is?",
        "what is happening with <ord>?",
        "is <ord> on its way [already|]?",
        "how long until <ord> gets to me?",
    ),
    "delivery": (
        "still no sign of <ord>, it should have been here [on <day>|days ago]",
        "<ord> was due <n> days ago and I have not seen it",
        "my parcel did not come on <day> as promised",
    ),
    "refund": (
        "kindly return my money for <ord>",
        "how can I be refunded [for the <p>|]?",
        "when does the refund for <ord> reach my bank account?",
    ),
    "return": (
        "the <p> <is> not for me, how do I ship <it> back to you?",
        "what are the steps for returning <ord>?",
        "what do I do to give you back the <p>?",
    ),
    "exchange": (
        "could you swap my <p>? the size is wrong",
        "I would prefer the <p> one size up, is an exchange possible?",
        "the <p> <is> a bit tight, can I change to a larger size?",
    ),
    "damaged": (
        "when I unpacked the <p> I saw that <they> <was> broken",
        "I found a big crack in the <p> you sent me",
        "the <p> in <ord> arrived smashed",
    ),
    "wrong_item": (
        "there was a different product in the box than the <p> I ordered",
        "you shipped the wrong thing to me in <ord>",
    ),
    "cancel": (
        "I no longer want <ord>, can it be cancelled?",
        "could <ord> be cancelled before it goes out?",
        "cancel my purchase, <ord>, thanks",
    ),
    "address": (
        "can <ord> go to a different address? I live at <addr> now",
        "I made a mistake in the shipping address of <ord>",
        "change where <ord> is delivered: <addr>",
    ),
    "account": (
        "I am unable to sign in because I don't remember my password",
        "every time I try to sign in I get an error",
        "my account got locked after too many attempts",
    ),
    "invoice": (
        "could I have the invoice of <ord> as a PDF?",
        "for my bookkeeping I have to have the invoice of <ord>",
    ),
    "payment": (
        "my bank shows that you took the money two times for <ord>",
        "my credit card gets declined at checkout",
        "<ord> appears twice on my statement",
    ),
    "discount": (
        "entering <code> in the basket gives me no discount",
        "your shop refuses my discount code <code>",
    ),
    "product": (
        "could you tell me if the <p> <is> waterproof?",
        "what colours do you offer for the <p>?",
        "what material is used for the <p>?",
    ),
    "warranty": (
        "until when does the guarantee of the <p> run?",
        "my <p> broke, do I still have warranty on <it>?",
    ),
    "subscription": (
        "I wish to receive no further newsletters",
        "I would like my membership to end",
    ),
    "complaint": (
        "I am fed up with your awful support",
        "what a terrible experience with your company",
    ),
    "thanks": (
        "many thanks, that was very kind",
        "you solved my problem, thank you very much",
    ),
    "greeting": ("hello there, could you help me?", "good afternoon, I have a question"),
    "off_topic": (
        "can you write a story about a dragon?",
        "how far away is the sun?",
        "how do I cook pasta?",
    ),
}
