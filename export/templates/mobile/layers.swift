  /// The pictures' colours and transparency side by side, pixel by pixel.
  private static func layers(_ pictures: [UIImage], _ size: Size, _ place: CGRect) throws -> [Float32] {
    let each = try pictures.map { try pixels($0, size, place, channels: 4) }
    let wide = 4 * each.count
    return (0..<(size.height * size.width * wide)).map { at in each[at % wide / 4][at / wide * 4 + at % 4] }
  }
