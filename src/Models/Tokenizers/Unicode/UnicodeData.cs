using System.Globalization;

namespace Neuralink.Models.Tokenizers.Unicode;

/// <summary>
/// Parts of the Unicode Character Database 16.0 that the runtime does not give. Written by a program from PropList.txt and
/// CaseFolding.txt: ranges of code points in hexadecimal, ascending; of case folding, runs with one distance (see CaseFolding.cs).
/// </summary>
internal static class UnicodeData
{
    /// <summary>Other_Alphabetic: what is alphabetic without being a letter.</summary>
    public const string OtherAlphabetic =
        "345 363-36F 5B0-5BD 5BF 5C1-5C2 5C4-5C5 5C7 610-61A 64B-657 659-65F 670 6D6-6DC 6E1-6E4 6E7-6E8 6ED 711 730-73F 7A6-7B0 "
        + "816-817 81B-823 825-827 829-82C 897 8D4-8DF 8E3-8E9 8F0-903 93A-93B 93E-94C 94E-94F 955-957 962-963 981-983 9BE-9C4 9C7-9C8 "
        + "9CB-9CC 9D7 9E2-9E3 A01-A03 A3E-A42 A47-A48 A4B-A4C A51 A70-A71 A75 A81-A83 ABE-AC5 AC7-AC9 ACB-ACC AE2-AE3 AFA-AFC B01-B03 "
        + "B3E-B44 B47-B48 B4B-B4C B56-B57 B62-B63 B82 BBE-BC2 BC6-BC8 BCA-BCC BD7 C00-C04 C3E-C44 C46-C48 C4A-C4C C55-C56 C62-C63 "
        + "C81-C83 CBE-CC4 CC6-CC8 CCA-CCC CD5-CD6 CE2-CE3 CF3 D00-D03 D3E-D44 D46-D48 D4A-D4C D57 D62-D63 D81-D83 DCF-DD4 DD6 DD8-DDF "
        + "DF2-DF3 E31 E34-E3A E4D EB1 EB4-EB9 EBB-EBC ECD F71-F83 F8D-F97 F99-FBC 102B-1036 1038 103B-103E 1056-1059 105E-1060 "
        + "1062-1064 1067-106D 1071-1074 1082-108D 108F 109A-109D 1712-1713 1732-1733 1752-1753 1772-1773 17B6-17C8 1885-1886 18A9 "
        + "1920-192B 1930-1938 1A17-1A1B 1A55-1A5E 1A61-1A74 1ABF-1AC0 1ACC-1ACE 1B00-1B04 1B35-1B43 1B80-1B82 1BA1-1BA9 1BAC-1BAD "
        + "1BE7-1BF1 1C24-1C36 1DD3-1DF4 24B6-24E9 2DE0-2DFF A674-A67B A69E-A69F A802 A80B A823-A827 A880-A881 A8B4-A8C3 A8C5 A8FF "
        + "A926-A92A A947-A952 A980-A983 A9B4-A9BF A9E5 AA29-AA36 AA43 AA4C-AA4D AA7B-AA7D AAB0 AAB2-AAB4 AAB7-AAB8 AABE AAEB-AAEF AAF5 "
        + "ABE3-ABEA FB1E 10376-1037A 10A01-10A03 10A05-10A06 10A0C-10A0F 10D24-10D27 10D69 10EAB-10EAC 10EFC 11000-11002 11038-11045 "
        + "11073-11074 11080-11082 110B0-110B8 110C2 11100-11102 11127-11132 11145-11146 11180-11182 111B3-111BF 111CE-111CF 1122C-11234 "
        + "11237 1123E 11241 112DF-112E8 11300-11303 1133E-11344 11347-11348 1134B-1134C 11357 11362-11363 113B8-113C0 113C2 113C5 "
        + "113C7-113CA 113CC-113CD 11435-11441 11443-11445 114B0-114C1 115AF-115B5 115B8-115BE 115DC-115DD 11630-1163E 11640 116AB-116B5 "
        + "1171D-1172A 1182C-11838 11930-11935 11937-11938 1193B-1193C 11940 11942 119D1-119D7 119DA-119DF 119E4 11A01-11A0A 11A35-11A39 "
        + "11A3B-11A3E 11A51-11A5B 11A8A-11A97 11C2F-11C36 11C38-11C3E 11C92-11CA7 11CA9-11CB6 11D31-11D36 11D3A 11D3C-11D3D 11D3F-11D41 "
        + "11D43 11D47 11D8A-11D8E 11D90-11D91 11D93-11D96 11EF3-11EF6 11F00-11F01 11F03 11F34-11F3A 11F3E-11F40 1611E-1612E 16F4F "
        + "16F51-16F87 16F8F-16F92 16FF0-16FF1 1BC9E 1E000-1E006 1E008-1E018 1E01B-1E021 1E023-1E024 1E026-1E02A 1E08F 1E947 1F130-1F149 "
        + "1F150-1F169 1F170-1F189";

    /// <summary>Other_Lowercase.</summary>
    public const string OtherLowercase =
        "AA BA 2B0-2B8 2C0-2C1 2E0-2E4 345 37A 10FC 1D2C-1D6A 1D78 1D9B-1DBF 2071 207F 2090-209C 2170-217F 24D0-24E9 2C7C-2C7D "
        + "A69C-A69D A770 A7F2-A7F4 A7F8-A7F9 AB5C-AB5F AB69 10780 10783-10785 10787-107B0 107B2-107BA 1E030-1E06D";

    /// <summary>Other_Uppercase.</summary>
    public const string OtherUppercase =
        "2160-216F 24B6-24CF 1F130-1F149 1F150-1F169 1F170-1F189";

    /// <summary>Foldings of one letter into one (status C and S).</summary>
    public const string SimpleFolds =
        "41-5A+20 B5+307 C0-D6+20 D8-DE+20 100-12E/2+1 132-136/2+1 139-147/2+1 14A-176/2+1 178-79 179-17D/2+1 17F-10C 181+D2 "
        + "182-184/2+1 186+CE 187+1 189-18A+CD 18B+1 18E+4F 18F+CA 190+CB 191+1 193+CD 194+CF 196+D3 197+D1 198+1 19C+D3 19D+D5 19F+D6 "
        + "1A0-1A4/2+1 1A6+DA 1A7+1 1A9+DA 1AC+1 1AE+DA 1AF+1 1B1-1B2+D9 1B3-1B5/2+1 1B7+DB 1B8+1 1BC+1 1C4+2 1C5+1 1C7+2 1C8+1 1CA+2 "
        + "1CB-1DB/2+1 1DE-1EE/2+1 1F1+2 1F2-1F4/2+1 1F6-61 1F7-38 1F8-21E/2+1 220-82 222-232/2+1 23A+2A2B 23B+1 23D-A3 23E+2A28 241+1 "
        + "243-C3 244+45 245+47 246-24E/2+1 345+74 370-372/2+1 376+1 37F+74 386+26 388-38A+25 38C+40 38E-38F+3F 391-3A1+20 3A3-3AB+20 "
        + "3C2+1 3CF+8 3D0-1E 3D1-19 3D5-F 3D6-16 3D8-3EE/2+1 3F0-36 3F1-30 3F4-3C 3F5-40 3F7+1 3F9-7 3FA+1 3FD-3FF-82 400-40F+50 "
        + "410-42F+20 460-480/2+1 48A-4BE/2+1 4C0+F 4C1-4CD/2+1 4D0-52E/2+1 531-556+30 10A0-10C5+1C60 10C7+1C60 10CD+1C60 13F8-13FD-8 "
        + "1C80-184E 1C81-184D 1C82-1844 1C83-1C84-1842 1C85-1843 1C86-183C 1C87-1824 1C88+89C3 1C89+1 1C90-1CBA-BC0 1CBD-1CBF-BC0 "
        + "1E00-1E94/2+1 1E9B-3A 1E9E-1DBF 1EA0-1EFE/2+1 1F08-1F0F-8 1F18-1F1D-8 1F28-1F2F-8 1F38-1F3F-8 1F48-1F4D-8 1F59-1F5F/2-8 "
        + "1F68-1F6F-8 1F88-1F8F-8 1F98-1F9F-8 1FA8-1FAF-8 1FB8-1FB9-8 1FBA-1FBB-4A 1FBC-9 1FBE-1C05 1FC8-1FCB-56 1FCC-9 1FD3-1C43 "
        + "1FD8-1FD9-8 1FDA-1FDB-64 1FE3-1C33 1FE8-1FE9-8 1FEA-1FEB-70 1FEC-7 1FF8-1FF9-80 1FFA-1FFB-7E 1FFC-9 2126-1D5D 212A-20BF "
        + "212B-2046 2132+1C 2160-216F+10 2183+1 24B6-24CF+1A 2C00-2C2F+30 2C60+1 2C62-29F7 2C63-EE6 2C64-29E7 2C67-2C6B/2+1 2C6D-2A1C "
        + "2C6E-29FD 2C6F-2A1F 2C70-2A1E 2C72+1 2C75+1 2C7E-2C7F-2A3F 2C80-2CE2/2+1 2CEB-2CED/2+1 2CF2+1 A640-A66C/2+1 A680-A69A/2+1 "
        + "A722-A72E/2+1 A732-A76E/2+1 A779-A77B/2+1 A77D-8A04 A77E-A786/2+1 A78B+1 A78D-A528 A790-A792/2+1 A796-A7A8/2+1 A7AA-A544 "
        + "A7AB-A54F A7AC-A54B A7AD-A541 A7AE-A544 A7B0-A512 A7B1-A52A A7B2-A515 A7B3+3A0 A7B4-A7C2/2+1 A7C4-30 A7C5-A543 A7C6-8A38 "
        + "A7C7-A7C9/2+1 A7CB-A567 A7CC+1 A7D0+1 A7D6-A7DA/2+1 A7DC-A641 A7F5+1 AB70-ABBF-97D0 FB05+1 FF21-FF3A+20 10400-10427+28 "
        + "104B0-104D3+28 10570-1057A+27 1057C-1058A+27 1058C-10592+27 10594-10595+27 10C80-10CB2+40 10D50-10D65+20 118A0-118BF+20 "
        + "16E40-16E5F+20 1E900-1E921+22";

    /// <summary>Foldings of one letter into several (status F).</summary>
    public const string LongFolds =
        "DF:73,73 130:69,307 149:2BC,6E 1F0:6A,30C 390:3B9,308,301 3B0:3C5,308,301 587:565,582 1E96:68,331 1E97:74,308 1E98:77,30A "
        + "1E99:79,30A 1E9A:61,2BE 1E9E:73,73 1F50:3C5,313 1F52:3C5,313,300 1F54:3C5,313,301 1F56:3C5,313,342 1F80:1F00,3B9 "
        + "1F81:1F01,3B9 1F82:1F02,3B9 1F83:1F03,3B9 1F84:1F04,3B9 1F85:1F05,3B9 1F86:1F06,3B9 1F87:1F07,3B9 1F88:1F00,3B9 1F89:1F01,3B9 "
        + "1F8A:1F02,3B9 1F8B:1F03,3B9 1F8C:1F04,3B9 1F8D:1F05,3B9 1F8E:1F06,3B9 1F8F:1F07,3B9 1F90:1F20,3B9 1F91:1F21,3B9 1F92:1F22,3B9 "
        + "1F93:1F23,3B9 1F94:1F24,3B9 1F95:1F25,3B9 1F96:1F26,3B9 1F97:1F27,3B9 1F98:1F20,3B9 1F99:1F21,3B9 1F9A:1F22,3B9 1F9B:1F23,3B9 "
        + "1F9C:1F24,3B9 1F9D:1F25,3B9 1F9E:1F26,3B9 1F9F:1F27,3B9 1FA0:1F60,3B9 1FA1:1F61,3B9 1FA2:1F62,3B9 1FA3:1F63,3B9 1FA4:1F64,3B9 "
        + "1FA5:1F65,3B9 1FA6:1F66,3B9 1FA7:1F67,3B9 1FA8:1F60,3B9 1FA9:1F61,3B9 1FAA:1F62,3B9 1FAB:1F63,3B9 1FAC:1F64,3B9 1FAD:1F65,3B9 "
        + "1FAE:1F66,3B9 1FAF:1F67,3B9 1FB2:1F70,3B9 1FB3:3B1,3B9 1FB4:3AC,3B9 1FB6:3B1,342 1FB7:3B1,342,3B9 1FBC:3B1,3B9 1FC2:1F74,3B9 "
        + "1FC3:3B7,3B9 1FC4:3AE,3B9 1FC6:3B7,342 1FC7:3B7,342,3B9 1FCC:3B7,3B9 1FD2:3B9,308,300 1FD3:3B9,308,301 1FD6:3B9,342 "
        + "1FD7:3B9,308,342 1FE2:3C5,308,300 1FE3:3C5,308,301 1FE4:3C1,313 1FE6:3C5,342 1FE7:3C5,308,342 1FF2:1F7C,3B9 1FF3:3C9,3B9 "
        + "1FF4:3CE,3B9 1FF6:3C9,342 1FF7:3C9,342,3B9 1FFC:3C9,3B9 FB00:66,66 FB01:66,69 FB02:66,6C FB03:66,66,69 FB04:66,66,6C "
        + "FB05:73,74 FB06:73,74 FB13:574,576 FB14:574,565 FB15:574,56B FB16:57E,576 FB17:574,56D";

    /// <summary>The general categories and their groups: short name, members, long name.</summary>
    public static readonly (string Key, string Members, string LongName)[] Categories =
    [
        ("Lu", "Lu", "Uppercase_Letter"),
        ("Ll", "Ll", "Lowercase_Letter"),
        ("Lt", "Lt", "Titlecase_Letter"),
        ("Lm", "Lm", "Modifier_Letter"),
        ("Lo", "Lo", "Other_Letter"),
        ("Mn", "Mn", "Nonspacing_Mark"),
        ("Mc", "Mc", "Spacing_Mark"),
        ("Me", "Me", "Enclosing_Mark"),
        ("Nd", "Nd", "Decimal_Number"),
        ("Nl", "Nl", "Letter_Number"),
        ("No", "No", "Other_Number"),
        ("Pc", "Pc", "Connector_Punctuation"),
        ("Pd", "Pd", "Dash_Punctuation"),
        ("Ps", "Ps", "Open_Punctuation"),
        ("Pe", "Pe", "Close_Punctuation"),
        ("Pi", "Pi", "Initial_Punctuation"),
        ("Pf", "Pf", "Final_Punctuation"),
        ("Po", "Po", "Other_Punctuation"),
        ("Sm", "Sm", "Math_Symbol"),
        ("Sc", "Sc", "Currency_Symbol"),
        ("Sk", "Sk", "Modifier_Symbol"),
        ("So", "So", "Other_Symbol"),
        ("Zs", "Zs", "Space_Separator"),
        ("Zl", "Zl", "Line_Separator"),
        ("Zp", "Zp", "Paragraph_Separator"),
        ("Cc", "Cc", "Control"),
        ("Cf", "Cf", "Format"),
        ("Cs", "Cs", "Surrogate"),
        ("Co", "Co", "Private_Use"),
        ("Cn", "Cn", "Unassigned"),
        ("L", "Lu Ll Lt Lm Lo", "Letter"),
        ("LC", "Lu Ll Lt", "Cased_Letter"),
        ("M", "Mn Mc Me", "Mark"),
        ("N", "Nd Nl No", "Number"),
        ("P", "Pc Pd Ps Pe Pi Pf Po", "Punctuation"),
        ("S", "Sm Sc Sk So", "Symbol"),
        ("Z", "Zs Zl Zp", "Separator"),
        ("C", "Cc Cf Cs Co Cn", "Other"),
    ];

    /// <summary>The category of a short name of two letters.</summary>
    public static UnicodeCategory CategoryOf(string key) => key switch
    {
        "Lu" => UnicodeCategory.UppercaseLetter,
        "Ll" => UnicodeCategory.LowercaseLetter,
        "Lt" => UnicodeCategory.TitlecaseLetter,
        "Lm" => UnicodeCategory.ModifierLetter,
        "Lo" => UnicodeCategory.OtherLetter,
        "Mn" => UnicodeCategory.NonSpacingMark,
        "Mc" => UnicodeCategory.SpacingCombiningMark,
        "Me" => UnicodeCategory.EnclosingMark,
        "Nd" => UnicodeCategory.DecimalDigitNumber,
        "Nl" => UnicodeCategory.LetterNumber,
        "No" => UnicodeCategory.OtherNumber,
        "Pc" => UnicodeCategory.ConnectorPunctuation,
        "Pd" => UnicodeCategory.DashPunctuation,
        "Ps" => UnicodeCategory.OpenPunctuation,
        "Pe" => UnicodeCategory.ClosePunctuation,
        "Pi" => UnicodeCategory.InitialQuotePunctuation,
        "Pf" => UnicodeCategory.FinalQuotePunctuation,
        "Po" => UnicodeCategory.OtherPunctuation,
        "Sm" => UnicodeCategory.MathSymbol,
        "Sc" => UnicodeCategory.CurrencySymbol,
        "Sk" => UnicodeCategory.ModifierSymbol,
        "So" => UnicodeCategory.OtherSymbol,
        "Zs" => UnicodeCategory.SpaceSeparator,
        "Zl" => UnicodeCategory.LineSeparator,
        "Zp" => UnicodeCategory.ParagraphSeparator,
        "Cc" => UnicodeCategory.Control,
        "Cf" => UnicodeCategory.Format,
        "Cs" => UnicodeCategory.Surrogate,
        "Co" => UnicodeCategory.PrivateUse,
        "Cn" => UnicodeCategory.OtherNotAssigned,
        _ => throw new ArgumentOutOfRangeException(nameof(key), key, "No category has this name."),
    };
}
