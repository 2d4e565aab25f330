#include "morse.h"

#include <cctype>
#include <stdexcept>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
static const char* const codes[] = {
    ".-",   "-...", "-.-.", "-..",  ".",    "..-.", "--.",   "....",  "..",    ".---",  "-.-",   ".-..",
    "--",   "-.",   "---",  ".--.", "--.-", ".-.",  "...",   "-",     "..-",   "...-",  ".--",   "-..-",
    "-.--", "--..", "-----", ".----", "..---", "...--", "....-", ".....", "-....", "--...", "---..", "----.",
};

static const char* code_of(char character) {
    for (int place = 0; letters[place] != '\0'; ++place) {
        if (letters[place] == std::toupper(static_cast<unsigned char>(character))) return codes[place];
    }
    throw std::invalid_argument(std::string("no code for ") + character);
}

std::string encode(const std::string& text) {
    std::string code;
    bool word = false;
    for (char character : text) {
        if (character == ' ') {
            word = !code.empty();
            continue;
        }
        if (word) {
            code += " / ";
        } else if (!code.empty()) {
            code += ' ';
        }
        word = false;
        code += code_of(character);
    }
    return code;
}

std::string decode(const std::string& code) {
    std::string text, letter;
    for (char sign : code + ' ') {
        if (sign == '.' || sign == '-') {
            letter += sign;
        } else if (sign == '/') {
            text += ' ';
        } else if (!letter.empty()) {
            char found = '#';
            for (int place = 0; letters[place] != '\0'; ++place) {
                if (letter == codes[place]) found = letters[place];
            }
            text += found;
            letter.clear();
        }
    }
    return text;
}
