"""The words by which a wish for a trade is told from a refusal and from talk about others."""

from __future__ import annotations

import re

from nlu.lexicon import SKIPPED


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# A new clause begins.
BREAKS = _set("mais sinon moi donc alors puis")
# Someone looks for something, for themselves or for a child.
SEEKING = _set(
    "cherche cherch jcherche jcherch recherche jrecherche rechercher chercher chercherais veux veu "
    "ve jve jveux jveu veut vx jvx vou voudrais voudrai voudrait jvoudrais aimerais aimerai "
    "jaimerais aimerait souhaite souhaiterais souhaiterai interesse interessee interesserait "
    "postule postuler trouver trouve prefere prefererais preferai envie desire reve devenir kiffe "
    "adore kifferais jadore jkiffe passionne passionnee passion recherchons vise plait want "
    "looking busco quiero szukam szukac propose montre donne mets met rajoute ajoute previens "
    "offres offre annonces vourros vouros vourro vorros voudros"
)
# Said anywhere in a message, these tell that it speaks of work.
HINTS = (SEEKING - _set("montre donne trouve met mets previens passion propose")) | _set(
    "metier metiers taf boulot secteur domaine branche filiere alternance alternence "
    "apprentissage aprentissage apprentisage stage cap bac pro bp bts btm bm mc cs formation "
    "contrat bosser travailler apprenti apprentie aprenti aime jaime patron atelier artisan "
    "apprendre aprendre apprend aprend apprends passion orienter reconversion embauche"
)
# Verbs by which a trade is withdrawn, however their ends are written: « annul », « oubli ».
_UNDOING = frozenset(
    root + ending
    for root in "annul oubli suprim supprim supr suppr sup enlev retir efac effac abandon abandonn "
    "quit quitt degag zap zapp lach".split()
    for ending in ("", "e", "es", "er", "ez", "ee", "ons")
)
# These tell that a trade is withdrawn.
WITHDRAWN = _UNDOING | _set(
    "marre deteste detester horreur quitter arreter arrete enleve enlever retire retirer supprime "
    "annule abandonne abandonner remplace remplacer sauf change pause"
)
# « qui me forme », « être formé »: one who learns says so.
TAUGHT = _set("etre detre qui ki me m suis jsuis se sois soit y")
# Words that may stand between « pas » and what is refused.
LIGHT = SKIPPED | _set(
    "faire fair fer etre etr devenir travailler bosser trop vraiment envie un une mon ma mes que "
    "qu comme veux vouloir chercher aller continuer forcement interesse interessee tout l metier "
    "metiers domaine secteur apprentissage alternance formation cap non fait fais voir c est ce "
    "cette offres offre trucs truc finir filiere etudes plein rester refaire entendre parler "
    "annonces annonce alertes alerte moi besoin qui ki"
)
NEVER = _UNDOING | _set(
    "marre assez deteste detester horreur supporte quitter quitte arreter arrete arretais enleve "
    "enlever retire retirer supprime annule annuler abandonne abandonner lache lacher changer sauf "
    "excepte hormis ni sans jamais oublie degoute saoule saoulee oublier virer vire zappe "
    "fini hais hors remplace remplacer change pause aucune"
)
# « change coiffure par esthétique » refuses, « je change pour coiffure » does not.
TOWARDS = _set("pour pr par en vers contre")
# « je n'ai plus envie de », « ça m'intéresse pas, la mécanique ».
NOT = _set("pas pa po plus plu pu aucune jamais")
NO_LONGER_MOVED = _set("envie interesse passionne plait")
# « t'as marqué maçon » is said of a mistake of ours.
TAKEN_DOWN = _set(
    "marque mis note compris ecrit enregistre ecri mi tape coche choisi selectionne clique met dit "
    "demande inscrit"
)
GREETINGS = _set("bonjour bonsoir salut hello slt bjr coucou cc hey yo madame monsieur futur")
I_HAVE = _set("ai jai g ge avais javais j")
MENDED = _set("mais me c cest est pardon non enfait fait plutot pas erreur voulais jvoulais")
WE_HAVE = _set("as tas avez mas")
# « plus coiffure » refuses only after these.
BEFORE_PLUS = _set(
    "veux veu jveux jveu ve jve jvx vx cherch jcherch kiff jkiffe adore fai jfais aime jaime ne n "
    "non suis fais cherche voudrais veut kiffe interesse jcherche"
)
# « pas » after these refuses nothing: « pourquoi pas », « y a pas ».
BEFORE_PAS = _set(
    "pourquoi pk pq a ya ai jai si trouve y as tas avez aurais auriez connais connaissez connait"
)
KIN = _set(
    "pere mere papa maman papi papy mamie mamy parents oncle tonton tante tata tatie frere soeur "
    "freres soeurs cousin cousine cousins copain copine copains pote potes ami amie amis mari "
    "femme daron daronne reuf reum frangin frangine voisin voisine neveu niece frero soeurette "
    "coloc collegue conjoint compagnon meuf mec"
)
# « papa répare la tondeuse »: these need no « mon ».
KIN_BY_NAME = _set("papa maman papi papy mamie mamy tonton tata tatie daron daronne")
ELDERS = KIN_BY_NAME | _set("pere mere parents oncle tante")
LIKES = _set("veut adore kiffe aime desire adores kiffes aimes")
THEIRS = _set("son ton leur votre")
MINE = _set("mon ma mes ton ta tes son sa ses notre nos votre vos")
OF_THINGS = _set(
    "nouvelle nouveau nouvel nouvelles belle beau bel vieille vieux petite petit sale pauvre"
)
# Things one buys by that name, each of them no trade: « je veux un tatouage ».
PRODUCTS = _set(
    "ambulance tatouage tattoo tatoo tato piercing massage brushing manucure perruque epilation"
)
ME = _set("je j jfasse fasse jsois")
# « j'ai eu 12 en arts plastiques », « mon cours de couture ».
SCHOOL = _set("cours prof note notes devoir controle exo moyenne eval club eu")
COMPANIES = _set("societe entreprise boite agence equipe")
OF_SOMEONE = _set(
    "mon ma mes son sa ses ton ta notre un une le la leur nos grand grands beau belle demi petit "
    "grande petite meilleur meilleure"
)
# What someone else does is wished for too.
SAME = re.compile(
    r"\b(?:(?<!pas )(?<!pas faire )(?<!pas fair )pareil|comme (?:lui|elle|eux)"
    r"|meme (?:chose|metier|truc)|me plait"
    r"|comme metier|ses traces|a mon tour|moi aussi)\b"
)
NOT_SAME = re.compile(r"\b(?:pas?|jamais|non) (?:\w+ ){1,3}(?:pareil|comme (?:lui|elle|eux))\b")
RATHER = _set("plutot plus mieux prefere jprefere preferai aime jaime vaut")
OFFERS = _set("offre offres annonce annonces")
WOULD = _set("voudrais voudrai jvoudrais jvoudrai aimerais aimerai veux veu jveux jveu")
SENDING = _set("envoyez envoies envoie envoi envoye proposez proposes")
A = _set("un une la le")
BOSSES = _set("patron patronne maitre tuteur chef boss")
STREETS = _set(
    "rue ruelle avenue av boulevard bd bld impasse allee allees chemin route square residence cite "
    "quai faubourg arret quartier hameau lycee college ecole lycees lot"
)
RENOWNED = _set("ville capitale pays berceau village musee fete foire")
OF_THE = (("de",), ("du",), ("des",))
THE = _set("la le l")
SIRS = _set("m mr monsieur mme madame mlle mademoiselle melle sieur mrs dr docteur")
NAMES = _set("presente appelle appel apelle mappelle mapelle jmappelle jmapelle nom prenom nomme")
# « Moi c'est Enzo Maçon »: two capitals after one of these make a surname.
BEFORE_FIRST_NAME = _set("c est suis")
# What one does or did; counts as a wish only when there is no other.
NOW = _set(
    "travaille jtravaille bosse jbosse travaillais bossais bossait travaillait etais jetais etait "
    "experience xp exp titulaire obtenu valide ancien ancienne ex diplome suis jsuis chui chuis "
    "deja eu termine terminee passe actuellement stage"
)
# « au début je voulais faire boulanger, mais… », not « je voulais dire boulanger ».
ONCE_WISHED = _set(
    "voulais jvoulais voulai voulait pensais jpensais pensait revais jvoulai pensai jpensai"
)
ONCE_SAID = _set("dire savoir demander")
HAVE = _set("ai jai avais javais g ge")
DONE = _set(
    "cap bp bep bac diplome titre brevet mc fait eu travaille bosse passe commence arrete obtenu"
)
HIRING = _set("recrute recrutons embauche embauchons engage engageons recrutement forme formons")
HIRED = _set("jeune jeunes salarie salaries employe stagiaire stagiaires quelqu candidat candidats")
BEFORE_HIRED = _set("un une des de d qu jeune notre cherche deux 2")
APPRENTICES = _set("apprenti apprentie apprentis apprenties aprenti alternant alternante")
BEFORE_APPRENTICES = _set("un une des notre deux 2 mon d")
SEARCHED = _set(
    "apprentissage aprentissage apprentisage alternance contrat place patron formation cap bp "
    "apprenti apprentie employeur maitre"
)
THIRD = _set("il elle ils elles lui")
THIRD_VERBS = _set("est etait fait tient travaille bosse sont etaient a avait")
NEEDS = _set("besoin faut appeler contacter appele")
SERVICES = _set(
    "reparer reparez refaire refaites couper coupez changer changez poser posez installer "
    "installez"
    "depanner depannez construire repeindre repeignez nettoyer nettoyez laver lavez"
)
TROUBLES = _set("fuite devis enferme")
STARTS = _set(
    "commencer comencer commence comence commencé entrer rentrer bosser travailler apprendre "
    "aprendre dispo embaucher place taf taffer former"
)
PRICES = _set("coute coutent tarif tarifs prix devis rdv rendez")

# « la coiffure, ça me plaît pas », « boucher non merci », read from the words that follow.
REFUSED_AFTER = re.compile(
    r"^(?!(?:j ai|jai|g) di[st]?\b)"
    r"(?:(?:la|le|les|ca|c|sa|est|j|je|me|m|moi|y|en|ai|jai|jen|ne|n|franchement"
    r"|finalement|et|du|vraiment)\s+)*"
    r"(?:(?:plait|interesse|dit|tente|aime|jaime|kiffe|veux|jveux|veu|supporte|convient|est)\s+"
    r"(?:trop |vraiment |du tout )?(?:pas?|po|plus?|pu)\b(?! (?:loin|mal|encore|tard|grave|que))"
    r"|(?:fini|mort|termine)\b|marre|surtout pas|(?<!et )non\b|nan\b|nn\b|pas pour moi|bof"
    r"|(?:suis|me suis|jme suis) lasse"
    r"|plus jamais|jamais de la vie"
    r"|trop (?:dur|difficile|physique|fatigu?ant|crevant|salissant|chiant)\w*(?! (?:a|de|d) )"
    r"|deteste|degoute|saoule|horreur)"
)
# « la coiffure, c'est ma copine »
KIN_AFTER = re.compile(rf"^(?:la |le )?(?:c|cest|c est) (?:mon|ma) (?:{'|'.join(sorted(KIN))})\b")
# « le médecin a dit », « la boulangerie est fermée ».
SOMEONE_AFTER = re.compile(
    r"^(?:qui )?(?:du \w+ |d a cote |de (?:mon|ma|mes|ton|ta) \w+ )?"
    r"(?:(?:m|t|nous|l) (?:a|ont)|ma|ta"
    r"|a (?:dit|fait|mis|pris|eu|l air|ferme|ouvert|oublie|appele|coule"
    r"|fini|repondu|rate|offert|casse|change)"
    r"|(?:m |t |nous |l |y |se |te |me )?(?:va|vient|passe|arrive|repare|est|etait|sont|ont|avait"
    r"|peut|doit|dit|coute|ferme|ouvre|commence|habite|sent|pue|marche))\b"
    r"(?! (?:ma passion|mon reve|mon metier|ce que))"
)
# « un électricien pour refaire ma maison »: someone who wants a craftsman, not a trade.
CUSTOMER_AFTER = re.compile(
    r"^(?:\w+ ){0,5}?pour (?:une fuite|une reparation|un depannage|une panne|une urgence"
    r"|des travaux|un mariage|un devis|mon |ma "
    r"|(?:me |m |nous )?(?:reparer|refaire|changer|deboucher|installer|poser|repeindre|couper"
    r"|faire)"
    r"(?: \w+){0,2} (?:mon|ma|mes|notre|nos|chez|une fuite)\b)"
    r"|^(?:qui|pour) (?:peut|peu|vienne|venir|viendrait|intervienne|se deplace)"
)
