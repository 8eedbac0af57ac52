"""What a good agent says, by topic.

Slots: ``<order>`` ("order 1042" or "your order"), ``<thing>`` ("rain jacket", "item", "item from order 1042"), ``<for>``
(" for order 1042" or nothing), ``<co>`` the company, ``<fact>`` a number of days or months that the prompt states.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """Sentence choices. ``act`` alone is the one-sentence answer; ``ask`` replaces it when the order number is needed but unknown.

    ``with_fact`` replaces ``after`` when the prompt states the policy number that belongs to the topic (see ``FACTS``).
    """

    formal: tuple[str, ...]
    friendly: tuple[str, ...]
    act: tuple[str, ...]
    after: tuple[str, ...]
    steps: tuple[str, str, str]
    needs_order: bool = False
    with_fact: str = ""


SORRY_FORMAL = ("We apologise for the inconvenience.", "Please accept our apologies for the trouble.")
SORRY_FRIENDLY = ("So sorry about that!", "Oh no, sorry for the trouble!")
SORRY_NEUTRAL = ("I am sorry for the trouble.",)
THANKS_FORMAL = ("Thank you for contacting <co>.", "Thank you for your message.")
THANKS_FRIENDLY = ("Thanks for reaching out!", "Happy to help!")

ASK = (
    "Could you please send me your order number so that I can check this for you?",
    "Please send me your order number so that I can look into it.",
)

ANSWERS: dict[str, Answer] = {
    "order_status": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("I have checked <order> and it is on its way to you.", "I can see that <order> has shipped and is on its way."),
        ("You will receive a tracking link by email.", "The tracking link in your email shows where it is."),
        ("Open the tracking email for <order>.", "Click the tracking link.", "Check the delivery date that it shows."),
        needs_order=True, with_fact="Delivery takes <fact> days.",
    ),
    "delivery": Answer(
        SORRY_FORMAL, SORRY_FRIENDLY,
        ("I have asked the courier to find <order>.", "I am checking with the courier where <order> is."),
        ("I will write to you as soon as I have an update.", "You will get an update by email."),
        ("Check the tracking link of <order>.", "Ask your neighbours for the parcel.", "Tell us if it does not arrive, and we will send a new one."),
        needs_order=True, with_fact="Delivery takes <fact> days.",
    ),
    "refund": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("I have started the refund for <order>.", "The refund for <order> is now in progress."),
        ("The money will go back to your original payment method.", "You will get an email when the refund is complete."),
        ("Send the <thing> back with the return label.", "Wait for our email that we received it.", "Check your account for the refund of <order>."),
        needs_order=True, with_fact="Refunds take <fact> business days.",
    ),
    "return": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("You can return the <thing> with the label that I am sending to your email.", "I am sending you a return label for the <thing> by email."),
        ("Please use the original box.", "Please drop the parcel at any post office."),
        ("Print the return label from your email.", "Pack the <thing> in the original box.", "Drop the parcel at a post office."),
        with_fact="You can return items within <fact> days.",
    ),
    "exchange": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("I can exchange the <thing> for the size or colour that you need.", "We will gladly exchange the <thing> for you."),
        ("Please tell me which size or colour you would like.", "Just let me know the size or colour that you want."),
        ("Tell us the size or colour that you want.", "Send the <thing> back with the return label.", "We ship the new one when it arrives."),
        with_fact="You can exchange items within <fact> days.",
    ),
    "damaged": Answer(
        SORRY_FORMAL, SORRY_FRIENDLY,
        ("I will send you a replacement for the <thing> right away.", "A replacement for the <thing> will be sent to you free of charge."),
        ("Please send us a photo of the damage.", "A photo of the damage would help us."),
        ("Take a photo of the damage.", "Send the photo to us.", "Keep the <thing> until your replacement arrives."),
        with_fact="The replacement takes <fact> days to arrive.",
    ),
    "wrong_item": Answer(
        SORRY_FORMAL, SORRY_FRIENDLY,
        ("I will send you the correct item<for> right away.", "The correct item<for> will be sent to you free of charge."),
        ("Please send the wrong item back with the label in your email.", "A return label for the wrong item is in your email."),
        ("Print the return label from your email.", "Send the wrong item back.", "Wait for the correct item, which ships today."),
        with_fact="The correct item takes <fact> days to arrive.",
    ),
    "cancel": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("I have cancelled <order> for you.", "<order> has been cancelled as you asked."),
        ("You will not be charged for it.", "You will receive a confirmation by email."),
        ("Log in to your account.", "Open <order>.", "Click on cancel and confirm."),
        needs_order=True, with_fact="The refund takes <fact> business days.",
    ),
    "address": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("I have changed the delivery address of <order>.", "The delivery address of <order> is now updated."),
        ("You will receive a confirmation by email.", "Please check the new address in your confirmation email."),
        ("Log in to your account.", "Open <order> and choose the address.", "Enter the new address and save it."),
        needs_order=True, with_fact="Delivery takes <fact> days.",
    ),
    "account": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("I have sent you a link by email to reset your password.", "You can reset your password with the link that I sent to your email."),
        ("Please check your spam folder if you do not see it.", "After that you can log in to your account again."),
        ("Open the login page.", "Click on forgot password.", "Follow the link in the email and choose a new password."),
        with_fact="The link is valid for <fact> hours.",
    ),
    "invoice": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("I have sent the invoice for <order> to your email.", "The invoice for <order> is on its way to your inbox."),
        ("You can also download it in your account.", "Please tell me if any detail needs a change."),
        ("Log in to your account.", "Open <order>.", "Click on download invoice."),
        needs_order=True,
    ),
    "payment": Answer(
        SORRY_FORMAL, SORRY_FRIENDLY,
        ("I have asked our billing team to check the payment for <order>.", "Our billing team is now checking the payment for <order>."),
        ("Any amount charged by mistake will be paid back.", "You will get the money back if you paid too much."),
        ("Check your bank statement for the charge.", "Send us a photo of the charge.", "Wait for our billing team to confirm <order>."),
        needs_order=True, with_fact="Refunds take <fact> business days.",
    ),
    "discount": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("I will check why the discount code does not work.", "Let me check the discount code for you."),
        ("Please make sure that it has not expired.", "Codes cannot be combined with other offers."),
        ("Copy the code without spaces.", "Paste it in the discount field at checkout.", "Check that the code has not expired."),
    ),
    "product": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("You can find all details of the <thing> on the product page.", "All details of the <thing> are on the product page."),
        ("Please tell me if you have any other question.", "I am happy to help you choose."),
        ("Open our online shop.", "Search for the <thing>.", "Read the details on the product page."),
    ),
    "warranty": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("Our warranty covers the <thing>.", "Our warranty covers defects of the <thing>."),
        ("Please send us a photo and your receipt to make a claim.", "To make a claim, please send us your receipt."),
        ("Take a photo of the defect.", "Find the receipt.", "Send both to us, and we will repair or replace the <thing>."),
        with_fact="The warranty lasts <fact> months.",
    ),
    "subscription": Answer(
        THANKS_FORMAL, THANKS_FRIENDLY,
        ("I have stopped your subscription as you asked.", "Your subscription has been stopped."),
        ("You will receive a confirmation by email.", "You can start it again at any time."),
        ("Log in to your account.", "Open the subscription settings.", "Click on stop and confirm."),
    ),
    "complaint": Answer(
        SORRY_FORMAL, SORRY_FRIENDLY,
        ("I have passed your complaint to our manager.", "Our manager will look into your complaint personally."),
        ("We will contact you with a solution.", "We want to make this right."),
        ("Tell us what went wrong.", "Send us your order number.", "Our manager will contact you with a solution."),
        with_fact="We will answer within <fact> days.",
    ),
    "thanks": Answer(
        ("You are very welcome.", "It was a pleasure to help you."), ("You're very welcome!", "Glad I could help!"),
        ("Thank you for choosing <co>.", "We are glad that you are happy with <co>."),
        ("Please write to us at any time.", "We are here whenever you need us."),
        ("Enjoy your order.", "Tell your friends about us.", "Write to us at any time."),
    ),
    "greeting": Answer(
        ("Thank you for contacting <co>.",), ("Nice to hear from you!", "Great to hear from you!"),
        ("How can I help you today?", "What can I do for you today?"),
        ("Please tell me about your order or your question.",),
        ("Tell us your question.", "Send us your order number.", "We will answer right away."),
    ),
    "off_topic": Answer(
        ("Thank you for your message.",), ("Good question!", "I wish I could help with that!"),
        ("I can only help with orders and products from <co>.", "I am sorry, but I can only help with questions about <co>."),
        ("Is there anything about your order that I can help with?", "Please tell me if you have a question about an order."),
        ("Ask us about an order.", "Send us your order number.", "We will answer right away."),
    ),
}  # fmt: skip

FACTS: dict[str, tuple[str, ...]] = {
    "order_status": ("Delivery takes <fact> days.", "Standard delivery takes <fact> days.", "Orders arrive within <fact> days."),
    "delivery": ("Delivery takes <fact> days.", "Standard delivery takes <fact> days.", "Orders arrive within <fact> days."),
    "address": ("Delivery takes <fact> days.", "Standard delivery takes <fact> days."),
    "refund": ("Refunds take <fact> business days.", "A refund takes <fact> business days.", "Refunds are paid within <fact> business days."),
    "cancel": ("Refunds take <fact> business days.", "A refund takes <fact> business days."),
    "payment": ("Refunds take <fact> business days.", "A refund takes <fact> business days."),
    "return": ("Returns are accepted within <fact> days.", "Items can be returned within <fact> days.", "The return period is <fact> days."),
    "exchange": ("Exchanges are possible within <fact> days.", "Items can be exchanged within <fact> days."),
    "damaged": ("Replacements take <fact> days.", "A replacement takes <fact> days."),
    "wrong_item": ("Replacements take <fact> days.", "A replacement takes <fact> days."),
    "warranty": ("The warranty lasts <fact> months.", "All products have a warranty of <fact> months."),
    "account": ("Reset links are valid for <fact> hours.",),
    "complaint": ("Complaints are answered within <fact> days.",),
}
"""How a prompt may state the number that belongs to a topic."""
