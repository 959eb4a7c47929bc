"""What the demonstration offers are made of: how many of each trade, titles, names, sentences.

Tables keyed by ROME codes are looked up by the longest prefix; the empty key is for all the others.
"""

from __future__ import annotations

LEAST = 5
"""Offers of a trade that is not listed below."""

OFFERS = {
    "D1102": 105, "D1202": 95, "I1604": 90, "F1703": 85, "F1602": 80, "F1603": 75, "D1101": 65,
    "D1104": 65, "H2206": 65, "G1609": 60, "G1602": 30, "F1606": 55, "F1619": 55, "D1208": 55,
    "I1606": 45, "A1208": 35, "D1103": 30, "F1503": 30, "I1308": 30, "I1603": 30, "D1209": 30,
    "F1608": 25, "H2913": 22, "H2911": 22, "F1601": 18, "F1604": 18, "H2902": 18, "F1620": 18,
    "I1613": 18, "I1607": 18, "D1106": 18, "D1105": 14, "I1306": 14, "J1405": 12, "A1503": 10,
    "H2207": 10, "B1806": 10, "H2903": 10, "I1309": 10, "E1201": 8, "D1206": 8, "D1207": 8,
    "A1502": 8, "F1702": 12, "F1611": 12, "K2204": 8, "B1803": 8,
}  # fmt: skip
"""Popular trades, by the ROME code that names them."""

MONTHS: tuple[tuple[int | str | None, int], ...] = (
    (9, 46), ("soon", 16), (1, 12), (8, 5), (7, 4), (10, 4), (6, 1), (3, 2), (None, 10),
)  # fmt: skip
"""When a contract starts (a month, « soon » or not said), and how often out of a hundred."""

TITLES = (
    "Apprenti {m} / Apprentie {f}",
    "Apprenti {m} / Apprentie {f}",
    "Apprenti {m} / Apprentie {f} (H/F)",
    "{M} / {F}",
    "{M} / {F} en apprentissage",
    "{M} en apprentissage (H/F)",
    "Apprentissage\u00a0: {m} / {f}",
    "Contrat d’apprentissage {m} (F/H)",
    "APPRENTI(E) {M} H/F",
    "Alternance {m} / {f}",
    "{F} / {M} en apprentissage",
)
"""Titles with both genders: masculine and feminine, with and without a capital."""

EVERYWHERE = (
    "Apprenti / Apprentie {m}",
    "Apprenti / Apprentie {m}",
    "{M} en apprentissage (H/F)",
    "Apprentissage\u00a0: {m} (H/F)",
    "APPRENTI(E) {M} H/F",
    "Contrat d’apprentissage {m} (F/H)",
)
"""Titles for a trade that has one name for both."""

SYLLABLES = (
    "Wacq", "Delf", "Hoqu", "Cauv", "Fresn", "Grav", "Esqu", "Lamb", "Noyel", "Quent", "Ravel",
    "Tern", "Vaud", "Brim", "Mirl", "Ouv", "Plaq", "Sarb", "Tilqu", "Vermel", "Bacq", "Crev",
    "Dourl", "Flav", "Herb", "Jonqu", "Lestr", "Marqu", "Pontr", "Roseb",
)  # fmt: skip

ENDINGS = (
    "erlin", "aumiez", "ardoux", "ebrune", "illaut", "oumont", "evelle", "ambour", "incourel",
    "etaille", "ombreux", "aquin", "uverne", "esquelle", "andrieu", "ivoire", "ollebois",
)  # fmt: skip

WORDS = (
    "Mirabrune", "la Chouette-Verte", "Trois-Lanternes", "Clairhallu", "la Cigogne-Bleue",
    "Belmarjolle", "Haute-Ducasse", "Songe-le-Pont", "la Marelle", "Vent-d’Orge", "la Bistouille",
    "Quatre-Géants", "Petite-Wassingue", "Brumedor", "la Loutre-Grise",
)  # fmt: skip
"""Places that are on no map."""

STREETS = (
    "RUE DE L’EXEMPLE", "RUE DES ESSAIS", "PLACE DU MODÈLE", "RUE DE LA DÉMONSTRATION",
    "AVENUE DU BROUILLON", "CHEMIN DES ÉBAUCHES",
)  # fmt: skip

BUSINESSES: dict[str, tuple[str, ...]] = {
    "": ("Atelier {name}", "Maison {name}", "L’Atelier de {word}", "{name} et fille"),
    "A12": ("{name} Paysages", "Les Jardins de {word}"),
    "A1413": ("Brasserie {name}", "La Brasserie de {word}"),
    "A1412": ("Fromagerie {name}", "La Cave de {word}"),
    "A1501": ("Clinique vétérinaire de {word}", "Cabinet vétérinaire {name}"),
    "A1502": ("Maréchalerie {name}",),
    "A1503": ("Toilettage {name}", "Les Moustaches de {word}"),
    "B15": ("Lutherie {name}", "Atelier {name}"),
    "B16": ("Atelier {name}", "Bijouterie {name}", "L’Établi de {word}"),
    "B1601": ("Ferronnerie {name}", "La Forge de {word}"),
    "B1602": ("Verrerie {name}", "La Canne de {word}"),
    "D1101": ("Boucherie {name}", "Boucherie-charcuterie {name}", "La Boucherie de {word}"),
    "D1102": (
        "Boulangerie {name}",
        "Boulangerie-pâtisserie {name}",
        "Le Fournil de {word}",
        "Au Levain de {word}",
        "Maison {name}",
    ),
    "D1103": ("Charcuterie {name}", "{name} Traiteur", "Le Saloir de {word}"),
    "D1104": ("Pâtisserie {name}", "Pâtisserie-chocolaterie {name}", "Les Douceurs de {word}"),
    "D1105": ("Poissonnerie {name}", "La Marée de {word}"),
    "D1106": ("Épicerie {name}", "Le Panier de {word}"),
    "D12": ("Maison {name}", "Les Ateliers de {word}"),
    "D1202": ("Salon {name}", "Coiffure {name}", "Le Salon de {word}", "Les Ciseaux de {word}"),
    "D1205": ("Pressing {name}", "La Blanchisserie de {word}"),
    "D1206": ("Cordonnerie {name}",),
    "D1208": ("Institut {name}", "L’Institut de {word}", "Beauté {name}"),
    "D1209": ("Fleurs {name}", "Le Bouquet de {word}"),
    "D1216": ("Barbier {name}", "Le Barbier de {word}"),
    "E12": ("Studio {name}", "Le Studio de {word}"),
    "E13": ("Imprimerie {name}",),
    "F15": ("Charpente {name}", "{name} Bois"),
    "F16": ("{name} Bâtiment", "Entreprise {name}", "{name} et fils", "Les Chantiers de {word}"),
    "F1602": ("{name} Électricité", "Électricité {name}", "Entreprise {name}"),
    "F1603": ("Plomberie {name}", "{name} Sanitaire", "Entreprise {name}"),
    "F1606": ("{name} Peinture", "Peinture {name}", "Les Couleurs de {word}"),
    "F1619": ("{name} Couverture", "Toitures {name}", "Les Toits de {word}"),
    "F17": ("{name} Maçonnerie", "Entreprise {name}", "Constructions {name}"),
    "G16": ("Restaurant {name}", "La Table de {word}", "L’Estaminet de {word}", "Auberge {name}"),
    "H2206": ("Menuiserie {name}", "{name} Menuiserie", "Les Copeaux de {word}"),
    "H2207": ("Ébénisterie {name}", "L’Établi de {word}"),
    "H29": ("{name} Métal", "Ateliers {name}", "Chaudronnerie {name}"),
    "I13": ("{name} Énergies", "{name} Maintenance"),
    "I16": ("Garage {name}", "Garage de {word}", "{name} Automobiles"),
    "I1603": ("{name} Agricole", "Ateliers {name}"),
    "I1606": ("Carrosserie {name}", "Carrosserie de {word}"),
    "I1607": ("{name} Motos", "{name} Cycles"),
    "I1619": ("Cycles {name}", "Les Vélos de {word}"),
    "J1405": ("Optique {name}", "{name} Opticiens"),
    "J141": ("Laboratoire {name}",),
    "J13": ("Ambulances {name}",),
    "K22": ("{name} Propreté",),
    "K2603": ("Maison {name}",),
    "N41": ("Taxis {name}",),
}

_CAP, _CS, _BP = ("3", "CAP"), ("3", "CS"), ("4", "BP")
_BTM, _PRO, _BM, _BTS = ("4", "BTM"), ("4", "Bac pro"), ("4", "BM"), ("5", "BTS")

DIPLOMAS: dict[str, tuple[tuple[str, str], ...]] = {
    "": (_CAP, _CAP, _CAP, _PRO, _BTM),
    "D11": (_CAP, _CAP, _CAP, _CAP, _BP, _CS, _BTM),
    "D1106": (_CAP, _CAP, _PRO),
    "D12": (_CAP, _CAP, _CAP, _PRO),
    "D1202": (_CAP, _CAP, _CAP, _BP, _BP, _BM),
    "D1208": (_CAP, _CAP, _BP, _BTS),
    "D1209": (_CAP, _CAP, _BP, _BM),
    "F": (_CAP, _CAP, _CAP, _CAP, _BP, _PRO),
    "G16": (_CAP, _CAP, _CAP, _BP, _PRO, _CS),
    "H22": (_CAP, _CAP, _CAP, _BP, _PRO, _BTM),
    "H29": (_CAP, _CAP, _PRO, _PRO, _BTS),
    "I13": (_CAP, _PRO, _PRO, _BP, _BTS),
    "I16": (_CAP, _CAP, _CAP, _PRO, _PRO, _CS, _BTS),
    "J": (_PRO, _BTS, _BTS),
    "E": (_PRO, _BTS, _CAP),
}

DESCRIPTIONS: dict[str, tuple[str, ...]] = {
    "": (
        "Un atelier à taille humaine, où l’on apprend chaque geste avec l’artisan.",
        "Commandes variées, pièces uniques\u00a0: on vous montre tout, du dessin à la finition.",
        "L’envie d’apprendre compte plus que l’expérience.",
    ),
    "D11": (
        "Fabrication maison, produits de la région, et une équipe qui prend le temps de montrer.",
        "Vous apprendrez les recettes, la mise en place et l’accueil des clients.",
        "On commence tôt, on finit tôt\u00a0: deux jours de repos par semaine.",
    ),
    "D12": (
        "Vous accueillez les clients, vous observez, puis vous pratiquez de plus en plus.",
        "Une petite équipe souriante, des formations pendant l’année.",
    ),
    "F": (
        "Chantiers de rénovation dans les environs\u00a0; départ du dépôt en camionnette.",
        "Travail en équipe avec un compagnon, outillage et vêtements fournis.",
        "Neuf et rénovation chez des particuliers, du premier coup de main à l’ouvrage fini.",
    ),
    "G16": (
        "Cuisine de saison, produits frais, service du midi surtout.",
        "Vous apprendrez tous les postes, de l’épluchage à l’assiette.",
    ),
    "H": (
        "Fabrication en atelier et pose, sur des machines récentes.",
        "Lecture de plans, débit, assemblage\u00a0: un tuteur vous suit à chaque étape.",
    ),
    "I16": (
        "Entretien, pannes, diagnostic\u00a0: un atelier équipé, et un chef d’atelier patient.",
        "Toutes marques. Vous apprendrez à démonter, à chercher la panne, à remonter.",
    ),
}

RHYTHMS = (
    " Une semaine au CFA, trois en entreprise.",
    " Deux jours de CFA par semaine.",
    " Débutants et débutantes bienvenus.",
    " Une visite ou un stage d’essai sont possibles avant de se décider.",
    " Accessible en bus.",
    "",
)
