"""Small talk without a system prompt, so that a plain request looks sane."""

from __future__ import annotations

from .example import Example, Message
from .grammar import capitalise, expand
from .values import Values

NUMBER_WORDS = "one two three four five six seven eight nine ten".split()
PLAIN_WORDS = (
    "apple river cloud happy green monkey dance quick fox jumps over lazy dog moon star music coffee morning sun rain big small cat house tree "
    "winter summer train paper light dream ocean bird stone fire sweet orange table window city road friend smile open red blue silver never "
    "always maybe forever hello world test peace"
).split()
PAIRS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("[hi|hello|hey|hi there|hello there|good morning|good evening][!|.|]",), ("Hello! How can I help you today?",)),
    (("[say|please say|just say|can you say] [hello|hi][.|!|]", "say hello [world|to the world]"), ("Hello!",)),
    (("who are you?", "what are you?", "what is your name?", "[are you a|are you] [bot|robot|human|an AI]?", "what model [is this|are you]?",
      "introduce yourself"),
     ("I am Millrace Support, a small language model that answers customer support questions.",)),
    (("what can you do?", "how can you help me?", "what do you do?", "help", "what are you good at?"),
     ("I can answer support questions about orders, delivery, refunds and returns, label messages, and summarise conversations.",)),
    (("[thanks|thank you|thank you so much|thx|many thanks|great, thanks][!|.|]",), ("You are welcome!",)),
    (("[how are you|how are you doing|how is it going][?| today?]",), ("I am doing well, thank you. How can I help you?",)),
    (("[bye|goodbye|see you|good night][!|.|]",), ("Goodbye! Have a great day!",)),
    (("[tell me a joke|write a poem|write me a story|do my homework|what is the weather|who won the game|what is the meaning of life][?|.|]",
      "what is the capital of [France|Italy|Japan|Peru]?", "[explain|tell me about] [physics|history|politics|the universe]"),
     ("I am sorry, I can only help with customer support questions.",)),
    (("[test|testing|ping|is this working|are you there][?|.|]",), ("Yes, I am here. How can I help you?",)),
    (("[ok|okay|alright|fine|cool|yes|no][.|]",), ("All right. Is there anything else I can help with?",)),
)  # fmt: skip
SYSTEMS = (
    "You are a helpful assistant.",
    "You are a helpful assistant.",
    "You are a friendly assistant.",
    "Be brief.",
    "You are an assistant. Answer the user.",
)


def chat_example(values: Values) -> Example:
    """Draw one short exchange, sometimes after an earlier one."""
    rng = values.rng
    head = [Message("system", rng.choice(SYSTEMS))] if rng.random() < 0.3 else []
    earlier = _pair(values) if rng.random() < 0.2 else []
    return Example("chat", (*head, *earlier, *_pair(values)), {})


def _pair(values: Values) -> list[Message]:
    rng = values.rng
    kind = rng.random()
    if kind < 0.22:
        words = [
            rng.choice((values.name(), values.product().text, rng.choice(NUMBER_WORDS), values.order(), rng.choice(PLAIN_WORDS), rng.choice(PLAIN_WORDS)))
            for _ in range(rng.choice((1, 1, 2, 3, 4)))
        ]
        phrase = " ".join(words)
        asked = rng.choice(("Repeat after me: {}", "repeat after me: {}", "Say: {}", "Repeat: {}", 'Say "{}"', "Echo {}", "please repeat: {}"))
        return [Message("user", asked.format(phrase)), Message("assistant", phrase)]
    if kind < 0.32:
        top = rng.randrange(2, 11)
        asked = rng.choice(("count to {}", "Count to {}.", "please count to {}", "Count from 1 to {}", "can you count to {}?")).format(top)
        return [Message("user", asked), Message("assistant", ", ".join(str(i) for i in range(1, top + 1)))]
    if kind < 0.42:
        name = values.name()
        asked = rng.choice(("my name is {}", "I am {}", "Hi, I'm {}", "Hello, my name is {}.", "this is {}")).format(name)
        return [Message("user", asked), Message("assistant", f"Hello {name}! How can I help you today?")]
    asks, answers = rng.choice(PAIRS)
    text = expand(rng.choice(asks), {}, rng)[0]
    return [Message("user", capitalise(text) if rng.random() < 0.6 else text), Message("assistant", rng.choice(answers))]
