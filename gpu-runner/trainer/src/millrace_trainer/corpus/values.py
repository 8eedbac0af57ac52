"""Slot values. Every value belongs to the training split or to the held-out split, by its hash."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Literal

Split = Literal["train", "heldout"]

HELDOUT_SHARE = 8
"""One value in this many is held out."""

FIRST_NAMES = (
    "Ana Ben Carla David Elena Felix Grace Hugo Ines Jonas Kira Liam Mia Noah Olga Paul Quinn Rosa Sam Tara Umar Vera Will Xenia "
    "Yusuf Zoe Amir Bella Chen Dora Emil Fatima Georg Hanna Ivan Julia Karim Lena Marco Nina Oscar Petra Raj Sofia Tom Ursula "
    "Victor Wendy Yara Zack Alice Bruno Clara Diego Emma Frank Gina Henry Isla Jack Kate Leo Maria Nadia Omar Priya Rita Sara Theo "
    "Vivian Walter Anders Bridget Cyrus Daphne Erik Freya Gustav Helga Igor Jasmine Kenji Lucia Mateo Naomi Otto Paula Ravi Selma "
    "Tariq Una Viktor Willa Yan Zara Aaron Beatrice Colin Dana Ethan Fiona Gavin Heidi Ian Joan Keith Laura Martin Nora Oliver "
    "Peter Rachel Simon Tina Vince Wanda Adam Betty Chris Diana Edgar Flora Glen Hazel Irene James Karen Linda Mark Nick Olivia "
    "Pam Robert Susan Tim Valerie Jordan Alex Max"
).split()

SYLLABLES = "ka lo mi ra ten sha vi dor el an bri cas do fen gar hol is jo kel lum mor nev or pri quin ros sel tav ul ven wyn yor zan".split()

COMPANIES_FIRST = (
    "Northwind Bluebird Cedar Summit Harbor Maple River Granite Willow Falcon Juniper Aurora Copper Meadow Pinecrest Silver "
    "Lakeside Ember Horizon Wild Stone Golden Alpine Coastal Prairie Timber Fjord Sierra Polar Tidal"
).split()
COMPANIES_LAST = "Outfitters;Supply Co;Goods;Sports;Home;Traders;Gear;Clothing;Outdoor;Store;Shop;Living;Works;Market;Electronics;Books".split(";")

PRODUCTS_ONE = (
    "rain jacket;tent;backpack;sleeping bag;water bottle;headlamp;camp stove;fleece;hat;scarf;wool sweater;shirt;dress;desk lamp;"
    "coffee maker;kettle;blender;toaster;chair;bookshelf;rug;blanket;pillow;phone case;charger;keyboard;mouse;monitor;speaker;"
    "camera;watch;wallet;belt;hoodie;parka;bike helmet;yoga mat;skateboard;kayak paddle;fishing rod;climbing rope;compass;cooler;"
    "hammock;lantern;travel mug;suitcase;duffel bag;umbrella;vest;teapot;frying pan;mirror;clock;novel;board game;puzzle;"
    "guitar strap;tripod;microphone;printer;router;power bank;tablet stand;lunch box;down jacket"
).split(";")
PRODUCTS_MANY = (
    "hiking boots;running shoes;gloves;socks;sunglasses;trousers;jeans;headphones;earbuds;trekking poles;ski goggles;sandals;"
    "shorts;leggings;curtains;towels;candles;plates;mugs;batteries;snow boots;slippers;binoculars;swim fins"
).split(";")
COLOURS = "red blue green black white grey brown yellow orange purple navy teal".split()
CITIES = ("Berlin Paris Madrid Lisbon Oslo Dublin Vienna Prague Boston Denver Seattle Austin Leeds York Bristol Lyon Milan Turin Porto Ghent").split()
STREETS = "Oak Mill Park High Station Church Garden Lake Hill Bridge Rose King Forest Market School".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
CODE_WORDS = "SORRY SAVE THANKS TRAIL WELCOME SUMMER WINTER HELLO CARE NORTH GIFT EXTRA SPRING LUCKY BONUS VIP".split()


@dataclass(frozen=True)
class Product:
    """A product noun phrase without article, and whether it is grammatically plural."""

    text: str
    plural: bool


def split_of(kind: str, value: str) -> Split:
    """The split that owns a value; stable across runs, machines and versions."""
    digest = sha256(f"{kind}:{value.lower()}".encode()).digest()
    return "heldout" if digest[0] % HELDOUT_SHARE == 0 else "train"


@dataclass(frozen=True)
class Values:
    """Draws slot values that belong to one split."""

    split: Split
    rng: Random

    def owns(self, kind: str, value: str) -> bool:
        """Whether ``value`` belongs to this split."""
        return split_of(kind, value) == self.split

    def name(self) -> str:
        """A first name; half of them are made up, so that copying beats remembering."""
        while True:
            if self.rng.random() < 0.5:
                value = self.rng.choice(FIRST_NAMES)
            else:
                value = "".join(self.rng.choice(SYLLABLES) for _ in range(self.rng.choice((2, 2, 3)))).capitalize()
            if self.owns("name", value):
                return value if self.rng.random() < 0.88 else f"{value} {self._surname()}"

    def _surname(self) -> str:
        stem = "".join(self.rng.choice(SYLLABLES) for _ in range(self.rng.choice((1, 2)))).capitalize()
        return stem + self.rng.choice(("", "son", "er", "mann", "ez", "ini"))

    def company(self) -> str:
        """A company name; the demonstration company is common and belongs to both splits."""
        if self.rng.random() < 0.3:
            return "Northwind Outfitters"
        while True:
            first = self.rng.choice(COMPANIES_FIRST)
            if self.rng.random() < 0.3:
                first = "".join(self.rng.choice(SYLLABLES) for _ in range(2)).capitalize()
            value = f"{first} {self.rng.choice(COMPANIES_LAST)}"
            if self.owns("company", value):
                return value

    def order(self) -> str:
        """An order number of four to six digits, sometimes with a letter prefix."""
        while True:
            value = "".join(self.rng.choice("0123456789") for _ in range(self.rng.choice((4, 4, 4, 5, 6))))
            if value[0] != "0" and self.owns("order", value):
                prefix = self.rng.choice(("", "", "", "", "", "NW-", "A-", "ORD-"))
                return prefix + value

    def product(self) -> Product:
        """A product, with a colour half of the time."""
        while True:
            plural = self.rng.random() < 0.3
            text = self.rng.choice(PRODUCTS_MANY if plural else PRODUCTS_ONE)
            if self.rng.random() < 0.4:
                text = f"{self.rng.choice(COLOURS)} {text}"
            if self.owns("product", text):
                return Product(text, plural)

    def code(self, percent: int) -> str:
        """A discount code."""
        while True:
            word = self.rng.choice(CODE_WORDS)
            if self.rng.random() < 0.3:
                word = "".join(self.rng.choice(SYLLABLES) for _ in range(2)).upper()
            value = f"{word}{self.rng.choice((str(percent), str(percent), '', '24', '7'))}"
            if self.owns("code", value):
                return value

    def email(self, name: str) -> str:
        """An address under a reserved domain (RFC 2606)."""
        host = self.rng.choice(
            ("example.com", "example.org", "mail.example.com", "example.net", f"{self.rng.choice(SYLLABLES)}{self.rng.choice(SYLLABLES)}.example")
        )
        local = self.rng.choice((name, name, f"{name}.{self.rng.choice(SYLLABLES)}", f"{name}{self.rng.randrange(1, 99)}"))
        return f"{local.lower().replace(' ', self.rng.choice(('.', '_')))}@{host}"

    def address(self) -> str:
        """A street address."""
        street = f"{self.rng.randrange(1, 200)} {self.rng.choice(STREETS)} {self.rng.choice(('Street', 'Road', 'Lane'))}"
        return f"{street}, {self.rng.choice(CITIES)}"
