  private static func normal(_ count: Int) -> [Float32] {
    (0..<count).map { _ in
      let radius = (-2 * log(Double.random(in: Double.leastNonzeroMagnitude...1))).squareRoot()
      return Float32(radius * cos(2 * Double.pi * Double.random(in: 0..<1)))
    }
  }
