"""Intents recognised by exact words: those that a wrong guess would make dangerous or rude."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nlu.meaning import Intent
from nlu.text import fold

_LONG_RUN = re.compile(r"(.)\1{2,}")
_NOT_WORD = re.compile(r"[^\w?]+|_+")


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a rule concluded; ``values`` says whether other readers' findings are kept."""

    intent: Intent
    reason: str | None = None
    values: bool = False


def plain(text: str) -> str:
    """Folded words with one space between them, long runs shortened: « Ouiiii ! » -> « oui »."""
    folded = _NOT_WORD.sub(" ", fold(text.replace("’", "'"))).replace("?", " ")
    return " ".join(_LONG_RUN.sub(r"\1", folded).split())


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b")


# --- Distress, violence, unpaid wages: better once too often than once too little -------------

_NOT_MEANT = _any(
    r"mor\w* de rire", r"mdr+", r"ptdr+", r"meur\w* de (?:faim|soif|rire|froid|chaud|sommeil)",
    r"mourir de (?:faim|soif|rire|froid|chaud|honte)", r"tue\w* le temps", r"creve\w* de faim",
    r"peux? plus d (?:attendre|chercher|rire)", r"peux? plus de rire", r"pneus? creves?",
    r"[cs]a m(?:e|a)? ?touche", r"me touche beaucoup",
    r"(?:ton|tes|votre|vos|l|les) (?:message|offre|annonce|proposition)s? me touche(?:nt)?",
)  # fmt: skip

_WANT = (
    r"(?:(?:envie|envi|besoin) (?:de |d |den |d en )?|(?:j )?(?:veux?|vais|voudrai[st]?|vouloir"
    r"|voulais|aimerai[st]?|prefere(?:rais)?|jveu|jveux|jvais|jve|vai|va|pense a|songe a) )"
)
_DISTRESS = _any(
    _WANT + r"(?:me |m |de |a |en |bien |juste )*"
    r"(?:mourir|mourrir|mort|crever|finir avec (?:la )?vie|en finir|finir une bonne fois|me tuer"
    r"|tuer|disparaitre|suicide\w*|pendre|foutre en l ?air|sauter (?:du|d un) (?:pont|toit|\w+ etage))",
    r"(?:envie|envi) (?:de |d )?(?:en|den) finir", r"en finir avec (?:la|ma|cette) vie",
    r"suicid\w*", r"(?:me|se) tuer", r"j(?:e )?me tue(?! (?:a|au) )", r"tentative de suicide",
    r"(?:me |m ?)?scarifi\w*", r"mutil\w*", r"automutil\w*", r"idees? noires?",
    r"(?:fai[st]|faire) du mal(?! a (?:une mouche|personne))", r"me coupe(?:r)? les veines",
    r"plus (?:envie|envi|la force|gout) (?:de |d |a )?(?:rien|vivre|la vie|me lever|continuer|me battre)",
    r"(?:plus|pas) gout a (?:rien|la vie)", r"marre de (?:la |ma |cette )?(?:vie|vivre|tout)",
    r"(?:en|nen) peu[xt]? (?:vraiment )?plu[s]?", r"jen peu[xt]? plus?",
    r"(?:suis|sui|chui|chuis|jsuis|jsui|chu) (?:vraiment |completement |trop )?a bout",
    r"(?:vais|va|jvais|en train de) craquer", r"je craque", r"jcraque", r"burn ?out",
    r"(?:me|jme|m) sen[st]? (?:vraiment |trop |tro |tres |si |super |hyper |tellement |grave )*"
    r"(?:mal(?! a l aise)|seule?|vide|nulle?|inutile|deprime\w*|abandonne\w*)",
    r"envie de tout (?:lacher|plaquer|arreter|abandonner)", r"tout (?:lacher|foutre en l ?air)",
    r"deprim\w*", r"depress\w*", r"(?:va|vais|vas) (?:vraiment |trop )?(?:pas bien du tout|tres mal|trop mal)",
    r"vais vraiment pas bien", r"[cs]a va pas du tout", r"pleure (?:tous les|tout le|chaque|sans|toutes les)",
    r"personne (?:ne )?m ?aime", r"(?:la|ma) vie (?:ne )?(?:sert a|vaut|a plus)", r"mieux (?:si j etais mort|sans moi|mort)\w*",
    r"(?:dors?|dormir|dort|vis|nuits?) (?:dehors|dans la rue|a la rue|dans ma voiture)",
    r"(?:suis|sui|chui|jsuis|jsui) (?:a la rue|sdf|sans abri|dehors depuis)",
    r"(?:mi[st]?e?|foutue?|viree?|jetee?) (?:dehors|a la porte|a la rue|de chez (?:moi|mes parents))",
    r"nulle? ?part ou (?:dormir|aller|vivre)", r"(?:nul|aucun) endroit ou dormir",
    r"rien (?:a|pour) (?:manger|bouffer)(?: depuis| chez)?", r"mange pas a ma faim",
    r"peur de rentrer(?: chez moi)?", r"fugue\w*", r"want to die", r"kill myself", r"quiero morir",
    r"numero (?:du )?suicide", r"avale\w* (?:des |plein de )?(?:medocs|medicaments|cachets)",
)  # fmt: skip

_WHO = (
    r"(?:patron\w*|boss|chef\w*|employeur\w*|tuteur|tutrice|maitre\w*|collegues?|formateur|prof|gerant\w*"
    r"|responsable|superieur|pere|mere|parents?|frere|oncle|beau pere|copain|mec|mari|conjoint"
    r"|on|il|ils|elle|elles|quelqu un|ya un mec|apprentis?|ouvriers?|gars|autres|gens)"
)
_VIOLENCE = _any(
    r"(?:me|m|ma|mont|nous|jme|suis|jsuis|etre|ete|fais|fait|fai) (?:a |as |ont |es |est |fais |fait |fai |suis |sui |"
    r"deja |encore |toujours |tout le temps |parfois |souvent |ete |avoir |de )*"
    r"(?:frapp\w+|harcel\w+|agress\w+|viol(?:e|ee|er|ent)?|cogn\w+|gifl\w+|maltrait\w+|battue?s?|battent|tabass\w+"
    r"|rackett?\w*|sequestr\w+|humili\w+|brutalis\w+|menac(?:e|es|ee|er|ent)|insult(?:e|es|ee|er|ent))",
    _WHO + r"(?: \w+){0,3}? (?:me|m|ma|mont|nous|minsulte|mfrappe)(?: a| as| ont| es| est| mis| met)*(?: \w+)?"
    r" (?:tap\w+|touch(?:e|ent|er|ee|ait|aient)|bat|battent|pousse|crache|etrangle|coups?|gifle|claque|main aux fesses"
    r"|embrasse|caresse|colle|peloter?|force|sexuel\w*)",
    r"patron\w*(?: \w+){0,2} (?:minsulte|mfrappe|mtape|mtouche|violent|raciste|dangereux)",
    r"on (?:me|m a|ma|m) touch\w+", r"(?:fai[st]|fais) (?:tap|touch|pelot|viole|racket)\w*",
    r"attouche\w+", r"harcelements?", r"agressions?", r"viole?e?s? par", r"un viol", r"viol",
    r"violences?", r"(?:recois|recoit|prends|prend|donne|mis|met) (?:des|un) coups?(?! (?:de main|d oeil|de fil|de tel\w*|de pouce))",
    r"coups et blessures", r"main au[x]? (?:fesse|cul)s?", r"(?:suis|sui|jsuis|chui) en danger",
    r"peur de (?:mon|ma|mes|lui) ?(?:patron\w*|chef\w*|pere|mere|parents|tuteur|collegues?|employeur|copain|mari)?",
    r"raciste (?:avec|envers) moi", r"racisme (?:au|dans|en)", r"propos racistes", r"traite (?:comme un (?:chien|esclave)|d esclave)",
    r"boss (?:hits|touches|beats)", r"hits? me", r"jefe me pega", r"szef mnie bije",
)  # fmt: skip
_AT_THE_BOT = _any(r"(?:tes|vos|tous ces|ces|par) (?:messages?|notifs?|notifications?|alertes?|offres?|sms|mails?)")

_BOSS = r"(?:patron\w*|boss|employeur\w*|chef|maitre d apprentissage|entreprise|boite|tuteur|il|on)"
_PAID = r"(?:pay\w*|paie\w*|pey\w*|paille)"
_WAGES = _any(
    _BOSS + r"(?: \w+){0,3}? (?:pas|plus|jamais|refuse|retard|moins)(?: de | encore | me | m a )* ?(?:\w+ )?" + _PAID
    + r"(?! (?:la formation|les cours|le cfa|le permis|l ecole|le transport|les transports|l essence))",
    r"(?:m ?a|mas|ma) (?:toujours )?(?:pas|jamais) " + _PAID,
    r"(?:suis|sui|jsuis|jsui|chui|ete) (?:toujours |encore |meme )*(?:pas|plus|jamais) (?:encore )?(?:ete )?" + _PAID,
    r"(?:j ai|jai|g|j) (?:toujours |encore |meme )*(?:pas|jamais) (?:encore )?(?:ete " + _PAID + r"|(?:eu|recu|touche) (?:mon|ma|mes|de) (?:salaires?|pay\w*|paies?|fiches? de pa\w+))",
    r"(?:pas|jamais|toujours pas) (?:eu|recu|touche) (?:ma|mon|mes|de) (?:salaires?|payes?|paies?|paye|fiches? de pa\w+)",
    r"(?:salaires?|payes?|paies?|heures?(?: sup\w*)?(?: \w+)?)(?: \w+){0,2} (?:non pay\w*|pas pay\w*|impay\w*)",
    r"impayes?", r"me doi[st](?: \w+){0,4} (?:salaires?|argent|mois|euros?|payes?|paies?|sous|thunes?)",
    r"(?:travaille|bosse|taf\w*)(?: \w+){0,2} (?:sans contrat|sans etre pay\w*|gratuit\w*|au (?:noir|black))",
    r"(?:refuse|veut pas|veux pas) (?:de )?me " + _PAID, r"(?:me|nous) " + _PAID + r" (?:pas|plus|jamais)(?! (?:la|les|le) (?:formation|cours|permis))",
    r"(?:m|me fai[st]) exploite\w*", r"not? (?:being )?paid", r"jefe no me paga",
)  # fmt: skip
_ASKS_WAGES = _any(r"est ce que", r"comment", r"combien", r"si", r"stages?", r"peut", r"c est normal")

# --- Employers, customers, housing, insults ----------------------------------------------------

_SHOP = (
    r"(?:salon|boulangerie|garage|entreprise|boutique|resto|restaurant|atelier|societe|boucherie|patisserie|magasin"
    r"|institut|equipe|chantiers?|fournil|cabinet|commerce|boite|etablissement|pme|concession|pressing|traiteur|food ?truck)"
)
_EMPLOYER = _any(
    r"(?:je suis|jsuis|j suis|nous sommes|on est|suis|etant|en tant qu[e ]*) (?:un |une |le |la |l |des |votre |actuellement |moi meme )*"
    r"(?:employeur|employeuse|patronn?e?s?|maitre d ?app\w*|chef d entreprise|cheffe d entreprise|chef de chantier|gerante?|dirigeante?|recruteu\w+|drh|rh"
    r"|restaurateur|restauratrice|proprietaire d|artisans?)(?! (?:de moi|en devenir))",
    r"(?:j ai|jai|je tiens|nous avons|on a|je dirige|je gere) (?:un|une|mon|ma|notre) " + _SHOP,
    r"(?:cherch\w*|recherch\w*|recrut\w*|embauch\w*|besoin|prend\w*|manque|forme[rz]?|trouver|accueill\w+|souhait\w+) (?:plus )?(?:d |de |pour \w+ |actuellement |a \w+ )*"
    r"(?:un|une|des|notre|mon|ma|1|2|deux|nos|futur|son) (?:bon |bonne |futur |future |nouvel |nouvelle |petit |jeunes? )?(?:apprentie?s?|alternante?s?|jeunes?(?! patron)|stagiaires?|salarie\w*|ouvriers?|commis)",
    r"(?:nous|notre \w+|notre|mon " + _SHOP + r"|ma " + _SHOP + r"|on) (?:cherch|recherch|recrut|embauch|propos|souhait)\w*",
    r"(?:deposer?|poster?|publier?|publie|passer?|mettre) (?:mon |une |des |mes |notre |nos )(?:offres?|annonces?)",
    r"je (?:propose|offre|prends|recrute|forme|cede) (?:un|une|des|mon|mes) (?:contrats?|places?|postes?|apprentie?s?|alternances?|offres?)",
    r"(?:une|ma|des) (?:place|poste)s? (?:d apprentie?|a pourvoir|pour (?:un|une) (?:apprentie?|jeune))(?= (?:dans|pour|chez) (?:mon|ma|notre))",
    r"(?:pour|dans|chez|rejoindre) (?:mon|ma|notre|nos) (?:petite |propre )?" + _SHOP,
    r"mon apprentie?(?! patron)", r"mes apprentis",
)  # fmt: skip
_NOT_EMPLOYER = _any(
    r"(?:qui|patrons?|entreprises?|boulangeries?|salons?|garages?|artisans?|employeurs?|boites?|quelqu un) (?:qui |que )?(?:\w+ ){0,2}?(?:cherch|recherch|recrut|embauch|prend|prenn|veut|veul|accept|accueill|forme)\w*",
    r"(?:j ?accompagne|je suis (?:le |la )?(?:conseill\w*|educat\w*|referent\w*|prof\w*)|mission locale|pour (?:un|une|des|mon|ma) (?:jeune|fils|fille|eleve|frere|soeur|neveu|niece|cousin\w*|ami\w*|copain|copine))",
    r"cfa de mon", r"quitter mon", r"perdu mon", r"rompre", r"mon (?:ancien|ex) patron", r"etre (?:mon propre )?patron",
    r"sans (?:patron|employeur)", r"(?:je suis|jsuis|moi) (?:un |une )?(?:jeune|apprentie?|lycee\w*|etudiante?|collegien\w*)",
    r"comme patron", r"trouv\w+ (?:mon|un) patron", r"chez un artisan", r"pas (?:de )?patron",
)  # fmt: skip

_WORKS = (
    r"(?:repar\w+|refair\w*|refection|construi\w+|instal\w+|pos(?:er|e) (?:des|du|un|une|mon|ma)|chang\w+|depann\w+|debouch\w+|nettoy\w+|peindre|devis|travaux|(?:mon|un|le|notre) mariage"
    r"|renov\w+|faire (?:des travaux|un devis|ma|mon|mes|le|la|un mur|une)|(?:ma|mon|mes|notre|nos|la|le) (?:maison|appart\w*|toit\w*|fuite|mur|murs|voiture|chaudiere|cuisine|salle de bains?|jardin|chambre|salon|garage"
    r"|robinet|evier|wc|toilettes?|porte|portes|fenetres?|serrure|velo|moto|scooter|canape|escalier|terrasse|anniversaire|chien|chat|cheveux|coupe|couleur|lunettes|montre|telephone|frigo|lave \w+|panne|compteur|tableau|prise|chauffe eau|anniv|lampe))"
)
_CUSTOMER = _any(
    r"(?:cherch\w*|recherch\w*|besoin|faut|trouver|appeler|connai\w*|veux|voudrai\w*|veu|urgent)(?: \w+){0,6}? (?:pour|pr|qui (?:peut|pourrait|vienne|puisse|fait|vient|repare)|afin de|vient) (?:venir |me |m |faire )*" + _WORKS,
    r"(?:j ai|jai|ya|y a|g) (?:une |de l |des )?(?:fuite|degat des eaux|inondation|panne)", r"fuite d eau",
    r"(?:est|sont|tombee?|suis) en panne", r"(?:un|mon|des|votre|vos|faire|demande de?|^)\s?devis",
    r"devis (?:pour|gratuit|peinture|\w+ie)", r"(?:rdv|rendez vous|reserv\w+|prendre rdv)(?: \w+){0,4}? (?:chez|avec|pour|coiffeu\w+|garage|toilett\w+|coupe|couleur)(?! (?:un |le |la |une )?(?:conseill|entretien|cma|cfa|apprenti|patron|quelqu|stage|humain|vous|toi))",
    r"(?:commander|acheter|achete|livr\w+|reserver) (?:un|une|des|du|mon|le) (?:gateau\w*|pain|baguettes?|piece montee|fleurs?|bouquets?|plateau\w*|buffet|croissants?|table|burger|pizza|bijou\w*|lunettes|meubles?)",
    r"(?:me|se) faire (?:couper|coiffer|tatouer|epiler|masser|maquiller|livrer|livre)", r"(?:ma|la) voiture (?:est|fait|ne|demarre|marche)",
    r"(?:c est|cest|coute|coutent|prix|tarifs?|combien)(?: \w+){0,3} (?:une? (?:coupe|vidange|couleur|baguette|reparation|croissant|gateau|brushing|bouquet|facade|toiture|parquet)|l heure de)",
    r"(?:cherche|trouver|connai\w*) un bon (?:resto|restaurant|coiffeur|garagiste|boulanger|boucher|plombier)(?! (?:patron|pour (?:mon|un|faire) (?:apprentissage|stage|alternance)))",
    r"reparer (?:mon|ma|mes|notre|son) \w+", r"repare\w* (?:mon|ma|mes) \w+",
)  # fmt: skip
_CANDIDATE = _any(
    r"apprentissages?", r"apprentisage\w*", r"aprentissage\w*", r"alternances?", r"contrat", r"cap", r"bp", r"bts", r"bac pro", r"stages?", r"patron", r"patronne",
    r"employeur", r"maitre", r"formation", r"devenir", r"metier", r"apprendre", r"mon (?:fils|frere)", r"ma (?:fille|soeur)", r"apprenti\w* chez", r"embauche\w*", r"en alternance", r"entreprise d accueil",
)  # fmt: skip

_HOUSING = _any(
    r"(?:cherch\w*|recherch\w*|louer|loue|trouver|besoin|veux|veu|voudrai\w*|faut|propos\w*|dispo\w*|location|visiter)(?: \w+){0,3}? "
    r"(?:apparts?|appartements?|logements?|studios? (?:meuble|a louer|pas cher|pour|de \d|etudiant|a \w+$)|studio$|chambres?(?! de(?:s)? metiers?| froides?)|coloc\w*|hebergements?|t1|t2|t3|f1|f2|f3|kots?|foyer|hlm|maison a louer)",
    r"coloc(?:ation)?s?", r"location (?:appart\w*|studio|maison|meuble\w*|logement)", r"(?:studio|appart\w*|maison|logement) (?:a louer|meuble\w*|en location|pas cher)",
)  # fmt: skip
_ASKS = _any(r"comment", r"coment", r"coman", r"cmt", r"est ce qu\w*", r"aides?", r"droit", r"apl", r"pendant", r"ya (?:un|des)", r"y a t il")

_INSULT = _any(
    r"f(?:er)?mes? (?:ta|vos|la) gueule", r"ta gueule", r"tg", r"ftg", r"fdp", r"(?:fils?|fille) (?:de|2) putes?", r"conn?ards?", r"conn?asses?", r"salopes?", r"salauds?",
    r"sale (?:con\w*|pute|merde|robot|bot|chien\w*|batard)", r"vt+ff?", r"va (?:te faire|t faire|tfaire|niquer|chier)(?: \w+)?", r"enc+ule\w*", r"ntm", r"ni(?:que|k|ke|q) (?:ta|toi|vous|sa|tes|la)\w*(?: \w+)?",
    r"batards?", r"gros(?:se)? (?:con\w*|merde|naze|nul|vache|porc)", r"(?:t|tes|es|t es|vous etes) (?:vraiment |trop |qu |un |une |tellement )*(?:con|conne|cons|debile|idiot\w*|abruti\w*|bete|stupide|nulle?|nase|naze|inutile|merde|relou|casse ?couilles?|chiante?)",
    r"(?:robot|bot|site|appli|truc|service) (?:de|d) merde", r"espece d\w* \w+", r"je t ?emmerde", r"jtemmerde", r"va (?:mourir|crever)", r"(?:ferme|fermez) la", r"la ferme", r"casse toi", r"casses? (?:toi|les couilles)",
    r"degage\w*", r"abrutis?", r"fuck\w*(?: you)?", r"suce(?: moi| ma \w+)?", r"bouffon\w*", r"pd", r"pute", r"clochards?", r"cretins?", r"tu pues", r"stupid bot", r"trou (?:du|de) (?:cul|balle)", r"tocard\w*", r"bolosse?s?", r"mongols?", r"trisos?",
)  # fmt: skip

# --- Alerts and personal data -----------------------------------------------------------------

_ALERTS = r"(?:alertes?|alerts?|notifs?|notifications?|messages?|msgs?|sms|mails?|spam\w*|annonces?|offres?|mp|pubs?|rappels?|envois?)"
_WAIT = _any(
    r"pauses?", r"moins (?:souvent|de|d|frequent\w*)(?: " + _ALERTS + r")?", r"(?:trop|tro) souvent", r"suspen[ds]\w*", r"stand ?by",
    r"(?:1|une|deux|2) fois (?:par|la|/) ?(?:semaine|mois)", r"(?:un|1|seul) (?:message|mail|alerte)s? par (?:semaine|mois)", r"pas tous les jours", r"hebdomadaire", r"hebdo",
)  # fmt: skip
_FOR_A_WHILE = _any(r"pendant", r"pdt", r"pour l instant", r"pour le moment", r"jusqu\w*", r"cette semaine", r"quelques (?:jours|semaines)", r"\d+ (?:jours?|semaines?|mois)", r"provisoirement", r"temporairement")  # fmt: skip
_STOP_WORDS = r"(?:stop|stopp?e[rz]?|arr?et\w*|cess\w*|desactiv\w*|coup(?:e|er|ez)|annul\w*|supprim\w*|suprim\w*|enlev\w*|retir\w*|vire[rz]?|fin|efface[rz]?|desabonn?\w*|desinscri\w*|termine\w*|bloque\w*)"
_STOP = _any(
    r"^stop(?: \w+){0,3}$", r"^(?:svp |stp |ok |bon |allez |non |merci )?(?:stop|stp stop|arr?ete[rz]?|arr?et|stoppe[rz]?|unsubscribe|desabonn?e\w*|desinscri\w*)(?: (?:tout|svp|stp|moi|merci|ca|sa|maintenant|la|please|de suite|tout de suite))*$",
    _STOP_WORDS + r"(?: \w+){0,2}? (?:mes|mon|les|l|ces|tes|vos|ton|cette|toutes?(?: les| mes)?|d|de|des|ma|tous(?: les)?|the|cet)? ?(?:\w+ )?(?:alertes?|alerts?|notifs?|notifications?|spam\w*|abonnements?)",
    r"(?:stop\w*|arr?et\w*|cess\w*|bloque\w*)(?: \w+){0,4} " + _ALERTS,
    r"(?:arr?et\w*|stop\w*|cess\w*) (?:de |d )?(?:me |m |nous )?(?:envoy|envoi|ecri|contact|spam|harcel|deranger|sms|notif|prevenir|saoul|embet|menvoy|mecri)\w*",
    r"(?:plus|pas|aucune?|ras le bol|marre)(?: du tout| rien)? (?:d |de |des |recevoir (?:d |de |des |vos |tes )?)(?:alertes?|notifs?|notifications?|messages?|msgs?|sms|mails?|spams?)(?! (?:pendant|cette))",
    r"(?:veux?|souhaite|veut) (?:plus|pas|ne plus) (?:rien )?(?:recevoir|etre (?:prevenu\w*|contacte\w*|alerte\w*|notifie\w*)|qu on m (?:ecrive|envoie))\w*",
    r"(?:ne )?(?:m|me) (?:ecri\w*|envoi\w*|envoy\w*|contact\w*|previen\w*|derang\w*) (?:plus|pas)(?: rien| jamais)?", r"mecri\w* plus", r"menvoi\w* plus", r"ne (?:m|me) (?:ecri\w*|contact\w*|previen\w*) (?:plus|pas)",
    r"desabonn?\w*", r"desinscri\w*", r"unsubscribe", r"(?:trop|tro) de (?:messages?|notifs?|notifications?|alertes?|mails?|sms)", r"plus besoin (?:d|des|de|de tes|de vos) ?(?:alertes?|notifs?|messages?)", r"stop (?:sending|messaging|texting)(?: \w+)*",
)  # fmt: skip
_NOT_STOP = _any(r"(?:mon|un|l|le|son) (?:apprentissage|contrat|alternance|lycee|ecole|cap|formation|cours|metier|boulot|travail|stage)", r"recommenc\w*", r"a zero", r"arret de (?:bus|tram)", r"stop (?:and|n) go", r"donnees?", r"sante", r"arr?et maladie")  # fmt: skip
_RESUME = _any(
    r"^(?:re ?)?start(?: (?:les |mes )?alertes?)?$", r"(?:re ?activ\w*|reabonn\w*|re ?abonn\w*|remet\w*|reprend\w*|relanc\w*|rallum\w*|re ?demarr\w*)(?: \w+){0,2} (?:alertes?|notifs?|notifications?|messages?|envois?)",
    r"(?:creer?|cree|creez|met|mets|mettre|active[rz]?|ajoute[rz]?|programme[rz]?|veux|veu|voudrais|souhaite|lance[rz]?|recevoir) (?:moi |recevoir |avoir |creer |activer )*(?:une |des |les |mes |l |mon )(?:\w+ )?alertes?(?! en pause)",
    r"(?:fin de|stop|arr?ete\w*|enleve\w*|annule\w*|termine\w*) (?:la |ma |de )?pause",
    r"(?:previen\w*|avert\w*|alert\w*|notifi\w*|informe\w*)[ -]?(?:moi|nous)(?! (?:pas|plus))", r"tiens? moi au courant", r"tenez moi (?:au courant|informe\w*)", r"me prevenir", r"(?:dis|di|dites)(?: le)? moi (?:quand|si|des que)",
)  # fmt: skip

_MINE = r"(?:donnees?|infos?|informations?|comptes?|conte|profils?|historique|dossier|coordonnees|conversations?|messages|(?:numero|tel\w*|mail|adresse|nom)(?= |$)|traces?|sur moi|me concern\w*|(?:votre|ta|vos|la|tes) (?:base|fichiers?|listes?|serveurs?|memoire))"
_DELETE_WORDS = r"(?:supp?rim\w*|supress\w*|suppress\w*|eff?ac\w*|detrui\w*|vire[rz]?|enlev\w*|retir\w*|clotur\w*|ferme[rz]?|delete|erase|remove|borra\w*|elimina\w*|usun|oublie[rz]? tou\w*)"
_DELETE = _any(
    _DELETE_WORDS + r"(?: \w+){0,5}? " + _MINE, r"^(?:\w+ )?(?:supp?rim|eff?ac)\w+(?: moi)?(?: tout| tous)?(?: (?:svp|stp|merci|maintenant|sur moi|tout))*$",
    r"(?:supp?rime[rz]?|eff?ace[rz]?|oublie[rz]?) moi", r"^oublie[sz]? moi", r"droit a l oubli", r"(?:veux|veu) (?:qu on m oublie|etre oublie\w*|qu on m efface)", r"(?:ne )?garde[rz]? (?:rien|pas (?:mes|de)) ?(?:sur moi|donnees|infos)?",
    r"rgpd (?:suppression|effacement)", r"delete (?:my|all|everything)(?: \w+)?", r"forget me", r"(?:supp?rim\w*|eff?ac\w*) (?:absolument )?tout(?:es?)?(?: (?:ce que|ce qu|mes|sur|s il|svp|stp)(?: \w+)*)?$", r"^/?delete$", r"احذف بياناتي", r"امسح بياناتي",
)  # fmt: skip
_AGAIN = _any(
    r"recommen\w*", r"reprend\w*", r"repar[st]\w*", r"(?:a|de) ?(?:zero|0)", r"refai\w*", r"re ?initialis\w*", r"reset", r"restart", r"start (?:over|again)", r"nouvelle conversation",
    r"(?:ma|la|cette|les|mes) recherches?", r"depuis le debut", r"retour (?:au|a la) (?:debut|depart|case depart)", r"(?:supp?rime|efface|vide)\w* l ecran",
)  # fmt: skip
_RESTART = _any(
    r"^(?:\w+ )?(?:tout )?(?:recommen\w*|reset|restart|reinitialis\w*)(?: (?:tout|a zero|a 0|svp|stp|du debut|depuis le debut|la recherche|ma recherche|de zero))*$",
    r"(?:repren\w*|repar[st]\w*|recommen\w*|remet\w*|remis\w*|redemarr\w*|refai\w*|start) (?:tout )?(?:a|de|depuis|du|over|again|au) ?(?:zero|0|le debut|debut|depart|le depart)?$", r"nouvelle conversation",
    r"(?:eff?ac\w*|supp?rim\w*|oublie\w*|annul\w*) tout (?:et |puis |on |pour )*(?:on )?(?:recommenc|repren|repar|refai)\w*(?: \w+)*", r"retour (?:au|a la|a l) (?:debut|depart|case depart|accueil)", r"revenir au (?:debut|depart)",
    r"(?:eff?ac\w*|vide\w*) (?:ma|la|cette|l) ?(?:recherche|ecran)",
)  # fmt: skip
_EXPORT = _any(
    r"(?:que|quoi|qoi|koi|quel\w*|qu est ce que|qu|ce que|keske|tout ce que|kel\w*)(?: \w+){0,5}? (?:gard\w*|sai[st]|savez|stock\w*|connai\w*|enregistr\w*|as|avez|tas|ta|conserv\w*|detiens?|possed\w*|collect\w*|ont|recolt\w*)(?: \w+){0,4}? (?:sur|de) (?:moi|mon compte)",
    r"(?:tu|t|vous|tas|ta)(?: as| avez| sais| savez| gard\w+| connais\w*| stock\w*| enregistr\w*)? (?:quoi|koi|kwa)(?: \w+){0,3}? (?:sur|de) moi", r"(?:ce que|c que|tout ce que) (?:tu|vous) (?:gard\w*|sai[st]|savez)(?: sur moi)?$", r"^ce que je garde$",
    r"(?:voir|montre\w*|copie|telecharg\w*|export\w*|recuper\w*|envo[iy]\w*|donne\w*|affiche\w*|acce[sd]\w*|recevoir|consult\w*)(?: \w+){0,3}? (?:mes|de mes|a mes) (?:donnees?|infos?|informations?)", r"droit d acces", r"^(?:mes|my) (?:donnees?|infos?|data)(?: personnelles?| svp)?$",
    r"que gardes? tu(?: sur moi)?", r"(?:copie|export|fichier) de mes (?:donnees|infos)",
)  # fmt: skip

# --- A person, help, yes and no ---------------------------------------------------------------

_PERSON = r"(?:humain\w*|conseill\w*|vraie? (?:personne|quelqu un|gens)|quelqu ?un|qqun|qqn|kelkun|kelk1|quelquun|etre humain|une personne|un agent|un operateur|un responsable|un etre humain|une vraie personne)"
_HUMAN = _any(
    r"(?:parl\w*|disc?ut\w*|echang\w*|joindre|contact\w*|voir|rencontr\w*|appel\w*|telephon\w*|avoir|passe[rz]?|mets|met|veux|veut|veu|jveu|jveux|voudrai\w*|prefere|ya|y a|rdv|rendez vous|besoin)(?: \w+){0,4}? " + _PERSON,
    r"^(?:\w+ )?(?:humain|conseill\w+|un humain|un conseiller|une conseillere|vrai humain|un vrai humain)(?: svp| stp)?$", r"(?:rappel\w*|appel\w*|telephon\w*)(?: |-)?(?:moi|nous)(?: (?:svp|stp|au|demain|vite|des))?", r"(?:me|m|etre|on peut me) rappel\w*",
    r"(?:pas|marre|aux?) (?:de |d |a |aux? |des )*(?:parler )?(?:a |aux? |avec )?(?:un |une |des |ces )?(?:robots?|bots?|machines?|ia)(?: \w+)?", r"talk to (?:a |an )?(?:human|person|someone|advisor)", r"(?:speak|talk) (?:to|with) (?:a |an )?(?:human|person|someone|advisor|somebody)",
    r"(?:contacter|joindre|numero d\w*|tel\w* d\w*|appeler|adresse d\w*|mail d\w*) (?:la |le |l |un |du )?(?:cma|chambre d\w*(?: \w+)?|conseill\w*|mission locale|service)", r"(?:hablar|rozmawiac)(?: \w+)?",
)  # fmt: skip
_NOT_HUMAN = _any(r"tu es", r"t es", r"es tu", r"t un", r"(?:patron|entreprise|boulang\w*|boite|quelqu ?un) qui", r"j ?ose pas", r"cherche (?:quelqu ?un|qqun|qqn)", r"pour (?:reparer|refaire)", r"chez")

_HELP = frozenset(
    "aide;aide moi;aidez moi;aider moi;help;help me;a l aide;menu;le menu;sos;besoin d aide;besoin aide;j ai besoin d aide;jai besoin d aide;jai besoin daide;g besoin d aide;commandes;options;mode d emploi;"
    "comment ca marche;coment ca marche;comment sa marche;cmt ca marche;coman sa marche;tu sers a quoi;tu fais quoi;je comprends rien;je comprend rien;j y comprends rien;i need help;ayuda;pomoc;مساعدة".split(";")
)
_YES = frozenset(
    "oui;ouais;ouai;oue;ouaip;ouep;ui;wi;we;wai;wep;yes;yep;yeah;yup;ok;okay;oki;okey;okk;oui oui;oui merci;d accord;daccord;dac;d acc;dacc;dacodac;ok d accord;ca marche;sa marche;ca roule;ca me va;sa me va;c est ca;c est sa;cest ca;cest sa;c ca;c sa;"
    "c est bon;c bon;cest bon;exact;exactement;tout a fait;bien sur;biensur;evidemment;carrement;parfait;nickel;impec;affirmatif;go;vas y;vazy;vasy;grave;volontiers;je veux bien;jveux bien;avec plaisir;je confirme;confirme;je valide;valide;absolument;voila;si;top;bah oui;ben oui;oui c est ca;oui c ca;oui cest ca;oui ca me va;oui je veux bien;oui vas y;oui bien sur;si si;tak;da;نعم;ايه;naam;oui parfait;pourquoi pas;mais oui;ouais vas y;ouais ok;oui ok;c est exact;c est correct;correct;c est bien ca;c est juste;entendu;ok go;ok c bon;ok c est bon;ok parfait".split(";")
)
_NO = frozenset(
    "non;nan;nn;nnn;nop;nope;no;naan;nah;na;non merci;nan merci;non non;pas du tout;absolument pas;jamais;surtout pas;bof;c mort;c est mort;mort;pas vraiment;non pas ca;pas ca;c est pas ca;c pas ca;c pas sa;cest pas ca;c est faux;faux;pas maintenant;plus tard;non pas maintenant;non laisse tomber;laisse tomber;laisse;annule;annuler;"
    "negatif;bah non;ben non;mais non;ah non;sans facon;non c est pas ca;hors de question;certainement pas;pas encore;non pas encore;nie;لا;nenni;nein;non c pas ca;non ca va;non pas du tout;rien".split(";")
)
_POLITE = re.compile(r"(?: (?:svp|stp|s il (?:te|vous) plait|please|merci(?: d avance)?|madame|monsieur))+$")
_YES_SIGNS = "👍👌✅✔🆗"
_NO_SIGNS = "👎❌🚫✖"
_THANKS_SIGNS = "🙏"
_GREET_SIGNS = "👋"
_TONE = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f\u200d\\s!.]+")


def decide(text: str, asked: str | None) -> Ruled | None:
    """What the exact words settle, safety first; ``None`` leaves it to the model."""
    words = plain(text)
    return (
        _in_danger(words)
        or _by_signs(text)
        or _by_short_answer(words)
        or _about_data(words, asked)
        or _about_alerts(words)
        or _person(words)
    )


def _in_danger(words: str) -> Ruled | None:
    meant = _NOT_MEANT.sub(" ", words)
    if _DISTRESS.search(meant):
        return Ruled("human", "distress")
    if _VIOLENCE.search(meant) and not _AT_THE_BOT.search(meant):
        return Ruled("human", "violence")
    if _WAGES.search(meant) and not _ASKS_WAGES.search(meant):
        return Ruled("human", "wages")
    return None


def _by_signs(text: str) -> Ruled | None:
    signs = set(_TONE.sub("", text))
    for known, intent in (
        (_YES_SIGNS, "affirm"), (_NO_SIGNS, "deny"), (_THANKS_SIGNS, "thanks"), (_GREET_SIGNS, "greet"),
    ):  # fmt: skip
        if signs and signs <= set(known):
            return Ruled(intent)  # type: ignore[arg-type]
    return None


def _by_short_answer(words: str) -> Ruled | None:
    short = _POLITE.sub("", words)
    if short in _YES:
        return Ruled("affirm")
    if short in _NO:
        return Ruled("deny")
    if short in _HELP:
        return Ruled("help")
    return None


def _about_data(words: str, asked: str | None) -> Ruled | None:
    if _RESTART.search(words):
        return Ruled("restart")
    if _DELETE.search(words) and not _AGAIN.search(words):
        return _deletion(words, asked)
    return Ruled("export_data") if _EXPORT.search(words) else None


def _deletion(words: str, asked: str | None) -> Ruled | None:
    if re.match(r"(?:\w+ )?(?:n|ne) \w+ (?:pas|rien)|(?:non|nan) ", words):
        return Ruled("deny")
    if asked == "confirm" and re.match(r"(?:oui|ouais|ok|d accord|yes|vas y)\b", words):
        return Ruled("affirm")
    return Ruled("delete_data")


def _about_alerts(words: str) -> Ruled | None:
    if _RESUME.search(words):
        return Ruled("resume_alerts", values=True)
    stops = _STOP.search(words) and not _NOT_STOP.search(words)
    if _WAIT.search(words) or (stops and _FOR_A_WHILE.search(words)):
        return Ruled("pause_alerts") if _is_about_alerts(words) else None
    return Ruled("stop_alerts", values=True) if stops else None


def _is_about_alerts(words: str) -> bool:
    """« moins de 20 km » and « pause de midi » are not about alerts."""
    return not re.search(r"\b(?:km|bornes|kilom\w*|midi|dejeuner|salaire|cfa|cours|heures?)\b", words)


def _person(words: str) -> Ruled | None:
    if _HUMAN.search(words) and not _NOT_HUMAN.search(words):
        return Ruled("human")
    return None


def elsewhere(text: str) -> Ruled | None:
    """Employers, customers, people looking for a home, insults: nothing is searched for them."""
    words = plain(text)
    if _EMPLOYER.search(words) and not _NOT_EMPLOYER.search(words):
        return Ruled("out_of_scope", "employer")
    if _CUSTOMER.search(words) and not _CANDIDATE.search(words):
        return Ruled("out_of_scope", "customer")
    if _HOUSING.search(words) and not (_ASKS.search(words) or _CANDIDATE.search(words)):
        return Ruled("out_of_scope", "housing")
    return None


def insults(text: str) -> bool:
    """Whether somebody is insulted; worth an answer only when nothing else is said."""
    return bool(_INSULT.search(plain(text)))
