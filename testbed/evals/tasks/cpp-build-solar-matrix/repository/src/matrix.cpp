#include "matrix.h"

#include <algorithm>
#include <cmath>

Matrix product(const Matrix& one, const Matrix& other) {
    if (one.columns() != other.rows()) throw std::invalid_argument("the sizes do not fit");
    Matrix result(one.rows(), other.columns());
    for (std::size_t row = 0; row < one.rows(); ++row)
        for (std::size_t column = 0; column < other.columns(); ++column)
            for (std::size_t i = 0; i < one.columns(); ++i)
                result.at(row, column) += one.at(row, i) * other.at(i, column);
    return result;
}

std::vector<double> solve(Matrix a, std::vector<double> b) {
    const std::size_t size = b.size();
    for (std::size_t step = 0; step < size; ++step) {
        std::size_t pivot = step;
        for (std::size_t row = step + 1; row < size; ++row)
            if (std::abs(a.at(row, step)) > std::abs(a.at(pivot, step))) pivot = row;
        if (std::abs(a.at(pivot, step)) < 1e-12) throw std::domain_error("there is no single solution");
        for (std::size_t column = 0; column < size; ++column) std::swap(a.at(step, column), a.at(pivot, column));
        std::swap(b[step], b[pivot]);
        for (std::size_t row = step + 1; row < size; ++row) {
            const double factor = a.at(row, step) / a.at(step, step);
            for (std::size_t column = step; column < size; ++column) a.at(row, column) -= factor * a.at(step, column);
            b[row] -= factor * b[step];
        }
    }
    for (std::size_t step = size; step-- > 0;) {
        for (std::size_t column = step + 1; column < size; ++column) b[step] -= a.at(step, column) * b[column];
        b[step] /= a.at(step, step);
    }
    return b;
}
